"""Which files are not worth indexing, or must not be: rules over a path and over bytes, each with its reason.

Reasons are a few words for the user; they stand in the list of skipped files.
"""

import codecs
import re
from collections.abc import Iterable
from fnmatch import translate
from posixpath import basename, splitext

SECRET = "may hold secrets"
LOCK_FILE = "lock file"
BINARY = "binary"
MINIFIED = "minified"
GENERATED = "generated"
VENDORED = "dependency or build folder"

_EXAMPLE_ENDINGS = (".example", ".sample", ".template", ".dist", ".defaults")

_SECRET_NAMES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore",
    "*.kdbx", "*.kdb", "*.ppk", "*.gpg", "*.agekey", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    ".npmrc", ".pypirc", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".htpasswd", ".git-credentials", ".dockercfg",
    ".dockerconfigjson", ".boto", ".s3cfg", "credentials", "credentials.json", "credentials.yml", "credentials.yaml",
    "credentials.toml", "credentials.ini", "credentials.xml", "credentials.csv", "client_secret*.json",
    "service-account*.json", "service_account*.json", "serviceaccount*.json", "secrets.json",
    "secrets.yml", "secrets.yaml", "secrets.toml", "secrets.ini", "secrets.env", "master.key", "*.tfvars",
    "*.tfvars.json", "*.tfstate", "*.tfstate.backup", "*.mobileprovision", "*.ovpn", "kubeconfig",
)  # fmt: skip
_PUBLIC_NAMES = ("*.pub", "*.pub.key")
_SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube"})

_LOCK_FILES = frozenset(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock poetry.lock "
    "pdm.lock uv.lock pipfile.lock pylock.toml conda-lock.yml cargo.lock go.sum go.work.sum gemfile.lock "
    "composer.lock mix.lock pubspec.lock podfile.lock package.resolved flake.lock gradle.lockfile packages.lock.json "
    "paket.lock project.assets.json stack.yaml.lock cabal.project.freeze module.bazel.lock elm-stuff "
    ".terraform.lock.hcl rebar.lock manifest.lock cartfile.resolved shard.lock".split()
)

_BINARY_EXTENSIONS = frozenset(
    # pictures, sound, film, fonts
    "png jpg jpeg jpe gif bmp ico icns cur webp avif heic heif tif tiff psd psb xcf cr2 nef dng tga dds "
    "exr hdr ktx ktx2 mp3 wav ogg oga opus flac aac m4a wma aiff mid midi mp4 m4v mov avi mkv webm wmv flv mpg mpeg "
    "ogv 3gp swf fla ttf otf woff woff2 eot pfb pfm "
    # archives and packages
    "zip gz tgz bz2 tbz2 xz txz zst lz lz4 lzma br 7z rar tar cpio deb rpm apk aab ipa dmg iso img pkg msi cab "
    "jar war ear aar whl egg gem nupkg vsix crx xpi flatpak "
    # programs and what compilers leave
    "exe dll so dylib lib a o obj ko elf bin class pyc pyo pyd pdb ilk idb dsym beam wasm node rlib rmeta "
    "nib pch gch hi o-boot mo gmo "
    # documents and data
    "pdf doc docx dotx xls xlsx xlsm ppt pptx odt ods odp rtf epub mobi djvu sqlite "
    "sqlite3 db db3 mdb accdb dbf frm ibd ldb sst parquet arrow feather avro orc hdf5 h5 hdf nc npy npz mat rds "
    "rdata pkl pickle joblib pt pth ckpt safetensors onnx tflite pb gguf ggml caffemodel mlmodel keras tfrecord "
    "lance bson swp swo "
    # models of things
    "blend fbx glb stl 3ds max skp dwg dxf step stp unitypackage uasset umap pak".split()
)

_GENERATED_NAMES = (
    "*.min.js", "*.min.mjs", "*.min.cjs", "*.min.css", "*.bundle.js", "*.chunk.js", "*-min.js", "*.map", "*.pb.go",
    "*.pb.gw.go", "*.pb.cc", "*.pb.h", "*.pb.swift", "*.pb.dart", "*.pbjson.dart", "*.pbenum.dart", "*.pbserver.dart",
    "*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb.js", "*_pb.d.ts", "*_pb.rb", "*_grpc.pb.go", "*_grpc_pb.js",
    "*.g.dart", "*.freezed.dart", "*.gr.dart", "*.mocks.dart", "*.g.cs", "*.g.i.cs", "*.designer.cs",
    "*.generated.cs", "*.generated.ts", "*.generated.js", "*.generated.go", "*.gen.go", "*.gen.ts", "*_gen.go",
    "zz_generated.*", "*_generated.go", "*_generated.rs", "*_generated.ts", "*_generated.h",
    "bindata.go", "*.tab.c", "*.tab.h", "lex.yy.c", "moc_*.cpp", "qrc_*.cpp", "ui_*.h", "*.snap", "*.ipynb_checkpoints",
)  # fmt: skip

# Folders that package managers and builds fill; consulted where no ignore file of git speaks for the project.
_VENDORED_FOLDERS = frozenset(
    "node_modules bower_components jspm_packages .venv venv .virtualenv virtualenv __pycache__ .tox .nox .eggs "
    "site-packages .mypy_cache .pytest_cache .ruff_cache .hypothesis .ipynb_checkpoints .next .nuxt .svelte-kit "
    ".turbo .parcel-cache .cache .gradle .m2 .idea .vs .vscode-test pods carthage deriveddata .dart_tool .pub-cache "
    ".terraform .serverless .bundle elm-stuff .stack-work dist-newstyle zig-cache zig-out .zig-cache htmlcov "
    ".nyc_output .git .hg .svn .bzr .jj .yarn .pnpm-store .direnv .devenv".split()
)
# These are also ordinary names of packages (`src/build`), so they count only beside the file of a build tool.
_BUILD_FOLDERS = frozenset("target dist build out obj _build vendor deps coverage".split())
_BUILD_FILES = frozenset(
    "package.json pyproject.toml setup.py setup.cfg cargo.toml go.mod pom.xml build.gradle build.gradle.kts build.sbt "
    "cmakelists.txt makefile gnumakefile meson.build composer.json gemfile mix.exs pubspec.yaml project.clj "
    "build.zig rebar.config".split()
)

_PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=:\-\s]{40}"
)
_SERVICE_ACCOUNT = re.compile(
    rb'"type"\s*:\s*"service_account"[^}]{0,2000}"private_key"|"private_key"\s*:\s*"-----BEGIN'
)

_HEAD_BYTES = 4096
_SAMPLE_BYTES = 65_536
_MARKED_LINES = 40

# Written by tools to say so. The first is Go's convention, the second that of Phabricator, Rust and Facebook.
_GENERATED_MARKS = re.compile(
    r"\bCode generated .{0,200}DO NOT EDIT\b|@generated\b|<auto-?generated\b|"
    r"\b(?:auto-?(?:matically )?generated|generated (?:by|from|with)|machine generated)\b.{0,200}"
    r"\bdo(?:es)? not (?:edit|modify|change|touch)\b|"
    r"\bdo not (?:edit|modify|change|touch)\b.{0,200}\b(?:auto-?(?:matically )?)?generated\b|"
    r"\b(?:this|the) (?:file|code) (?:is|was|has been) (?:auto-?|automatically |machine-)generated\b",
    re.IGNORECASE,
)
_COMMENT_START = re.compile(r"\s*(?://|/\*|\*|#|--|;|%|<!--|\"\"\"|'''|\(\*|\{-|rem\b|@)", re.IGNORECASE)

# Code written by people rarely passes 120 columns; minifiers write lines of thousands.
_MINIFIED_AVERAGE_LINE = 300
_MINIFIED_SHARE_OF_LONG_LINES = 0.5
_LONG_LINE = 1_000
_MINIFIABLE_FROM_BYTES = 2_000
_PROSE_EXTENSIONS = ("md", "markdown", "mdx", "rst", "adoc", "txt", "tex", "org")

# Bytes that text does not have: control characters other than tab, newlines, form feed, backspace and escape.
_CONTROL_BYTES = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27}) + b"\x7f"
_BINARY_CONTROL_SHARE = 0.05

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def skip_reason_by_path(path: str) -> str | None:
    """Return why a file should not even be opened, or None."""
    name = basename(path).lower()
    if _is_secret(path.lower(), name):
        return SECRET
    if name in _LOCK_FILES:
        return LOCK_FILE
    if splitext(name)[1][1:] in _BINARY_EXTENSIONS:
        return BINARY
    if _GENERATED_NAME.match(name):
        return GENERATED
    return None


def skip_reason_by_content(path: str, data: bytes) -> str | None:
    """Return why a file's content should not be indexed, or None."""
    sample = data[:_SAMPLE_BYTES]
    if _is_binary(sample):
        return BINARY
    if _PRIVATE_KEY.search(data) or _SERVICE_ACCOUNT.search(data):
        return SECRET
    if _is_marked_generated(decode(data[:_HEAD_BYTES])):
        return GENERATED
    if _is_minified(path, data):
        return MINIFIED
    return None


def is_vendored_folder(name: str, siblings: Iterable[str]) -> bool:
    """Tell whether a folder is filled by a package manager or a build, by its name and what stands beside it."""
    lower = name.lower()
    if lower in _BUILD_FOLDERS:
        return any(sibling.lower() in _BUILD_FILES for sibling in siblings)
    return lower in _VENDORED_FOLDERS or lower.endswith(".egg-info")


def decode(data: bytes) -> str:
    """Return the text of a file: by its byte order mark, else UTF-8, else Windows-1252; line ends stay as they are."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_WINDOWS_1252)


def _is_secret(path: str, name: str) -> bool:
    if name.endswith(_EXAMPLE_ENDINGS) or _PUBLIC_NAME.match(name):
        return False
    return bool(_SECRET_NAME.match(name)) or any(folder in _SECRET_FOLDERS for folder in path.split("/")[:-1])


def _is_binary(sample: bytes) -> bool:
    if any(sample.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS[1:]):
        text = decode(sample)
        strange = sum(character == "\ufffd" or character < "\t" for character in text)
        return strange > _BINARY_CONTROL_SHARE * len(text)
    if b"\0" in sample or sample.startswith(b"%PDF-"):
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return controls > _BINARY_CONTROL_SHARE * len(sample)


def _is_marked_generated(head: str) -> bool:
    # Every mark has this word; most files do not, and their lines need not be looked at.
    return "generated" in head.lower() and any(
        _COMMENT_START.match(line) and _GENERATED_MARKS.search(line)
        for line in head.splitlines()[:_MARKED_LINES]
    )


def _is_minified(path: str, data: bytes) -> bool:
    if len(data) < _MINIFIABLE_FROM_BYTES or splitext(path.lower())[1][1:] in _PROSE_EXTENSIONS:
        return False
    lengths = [len(line) for line in data.splitlines()]
    in_long_lines = sum(length for length in lengths if length >= _LONG_LINE)
    return sum(lengths) > _MINIFIED_AVERAGE_LINE * len(
        lengths
    ) or in_long_lines > _MINIFIED_SHARE_OF_LONG_LINES * len(data)


def _any_name(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns))


_SECRET_NAME = _any_name(_SECRET_NAMES)
_PUBLIC_NAME = _any_name(_PUBLIC_NAMES)
_GENERATED_NAME = _any_name(_GENERATED_NAMES)

# Latin-1 gives every byte a character; where Windows-1252 has a better one (quotes, dashes, the euro), it is taken.
_WINDOWS_1252 = {
    byte: character
    for byte in range(0x80, 0xA0)
    if (character := bytes([byte]).decode("cp1252", errors="ignore"))
}
