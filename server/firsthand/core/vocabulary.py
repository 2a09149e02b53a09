"""Names that any answer may use although the workspace does not define them: languages, formats, products."""

import builtins
import keyword
import sys


def _python() -> set[str]:
    types = (str, bytes, list, dict, set, int, float, tuple)
    methods = {name for each in types for name in dir(each)}
    return {*dir(builtins), *keyword.kwlist, *sys.stdlib_module_names, *methods}


_JAVASCRIPT = """
abstract any as async await boolean break case catch class const constructor continue declare default delete do else
enum export extends false finally for from function get if implements import in infer instanceof interface is keyof
let module namespace never new null number object of override private protected public readonly return satisfies set
static string super switch symbol this throw true try type typeof undefined union unknown var void while with yield
Array ArrayBuffer BigInt Boolean Buffer Date Error EventTarget Infinity Intl JSON Map Math NaN Number Object Partial
Pick Omit Promise Proxy Readonly Record Reflect RegExp Required ReturnType Set String Symbol TypeError RangeError
SyntaxError Uint8Array URL URLSearchParams WeakMap WeakSet addEventListener all allSettled apply assign bind call ceil
clearInterval clearTimeout concat console createElement crypto decodeURIComponent document encodeURIComponent endsWith
entries every exports fetch fill filter find findIndex flat flatMap floor forEach freeze fromEntries getTime
hasOwnProperty includes indexOf isArray isInteger isNaN join keys lastIndexOf localStorage localeCompare log map match
max min next now padEnd padStart parse parseFloat parseInt pop process prototype push race random reduce reject
removeEventListener repeat replace replaceAll require resolve reverse round setInterval setTimeout shift slice some
sort splice split startsWith stringify substring test then toFixed toISOString toLowerCase toString toUpperCase trim
unshift valueOf values window globalThis describe it expect beforeEach afterEach beforeAll afterAll toBe toEqual
toThrow toHaveBeenCalled toHaveBeenCalledWith toBeCloseTo vi jest mocha vitest chai
""".split()

_OTHERS = """
append bool break byte cap chan complex128 complex64 const continue copy defer delete error fallthrough float32
float64 fmt func go goto int int8 int16 int32 int64 iota len make map new nil package panic range recover rune select
string struct switch uint uint8 uint16 uint32 uint64 uintptr Errorf Fatalf Println Printf Sprintf Fprintf context ctx
err ok Background WithCancel WithTimeout WithValue Done Err Is As Unwrap WaitGroup Mutex RWMutex Lock Unlock Duration
Second Millisecond ServeHTTP Handler HandlerFunc ResponseWriter Request Response StatusOK Context
Box Cell Clone Copy Default Drop Err Fn FnMut FnOnce From Into Iterator None Ok Option Rc Arc RefCell Result Self Some
String ToString Vec as_ref as_str borrow clone collect dyn enum expect fn impl into iter iter_mut let loop match mod
move mut pub ref self str struct to_owned to_string trait unwrap unwrap_or unwrap_or_else usize isize i8 i16 i32 i64
u8 u16 u32 u64 f32 f64 unsafe use where println vec assert assert_eq assert_ne cfg derive Debug
ArrayList Boolean Character Class Collection Collections Comparable Double Exception Float HashMap HashSet
IllegalArgumentException IllegalStateException Integer Iterable LinkedHashMap List Long NullPointerException Object
Optional Override Runnable RuntimeException Stream StringBuilder System Thread Throwable boolean char double equals
final float getClass hashCode instanceof int long main println protected short synchronized throws toString transient
var void volatile Console Dictionary Func Guid IDisposable IEnumerable Linq Task namespace using
attr_accessor attr_reader begin elsif end ensure include initialize nil rescue unless until puts require_relative
fun object when data companion override lateinit val suspend guard init protocol extension echo isset array foreach
std cout cin endl vector unique_ptr shared_ptr make_unique make_shared size_t nullptr template typename virtual
include define ifdef endif printf malloc free sizeof NULL
""".split()

_WORLD = """
API APIs CI CLI CPU CSS CSV DNS DOM GET POST PUT PATCH DELETE HEAD OPTIONS GitHub GitLab GraphQL GPU HTML HTTP HTTPS
ID IDs IDE IO IP JSON JWT JWTs JavaScript Kubernetes LSP MongoDB MySQL NaN Neovim NodeJS OAuth OAuth2 OpenAPI OpenID
OpenAI OS PostgreSQL README REST RPC SHA256 SQL SQLite SSH SSL TCP TLS TODO TOML TypeScript UDP UI URI URL URLs UTC
UTF UUID UUIDs VSCode WebSocket WebSockets XML YAML YouTube bash curl docker eslint git make node npm npx pip pnpm
pytest python unittest yarn Authorization Bearer ContentType Cookie UserAgent LanceDB Ollama iOS macOS
""".split()

# What is called on one of these belongs to the language, not to the workspace.
STANDARD_MODULES: frozenset[str] = frozenset(
    {
        *sys.stdlib_module_names,
        *"""
        Array Boolean Buffer Date Error Intl JSON Map Math Number Object Promise Reflect RegExp Set String Symbol URL
        console document expect fs globalThis jest localStorage path process vi window crypto assert
        atomic base64 binary bufio bytes cmp context crypto debug driver embed errors exec fmt hash heap hex html http
        httptest io iter list log maps math net os pprof rand reflect regexp rune runtime sha256 signal slices slog sort
        sql strconv strings sync syscall template testing time unicode url utf8 zip
        Arrays Assert Assertions Collections Collectors Duration Files Instant List Math Mockito Objects Optional Paths
        Stream Thread Arc Box HashMap Instant Option Rc Result String Vec std
        """.split(),
    }
)

COMMON_NAMES: frozenset[str] = frozenset({*_python(), *_JAVASCRIPT, *_OTHERS, *_WORLD})
