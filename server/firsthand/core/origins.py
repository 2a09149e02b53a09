"""Whether an import names a file: `../payments/gateway.js`, `shop.payments` and `example.com/shop/payments` all may."""

import posixpath
import re
from collections.abc import Sequence

NO, LIKELY, EXACT = 0, 1, 2

_PART = re.compile(r"[^\s./\\:'\"`,;<>(){}]+")
_SOURCE_EXTENSION = re.compile(r"\.(?:d\.ts|[A-Za-z][A-Za-z0-9]{0,5})$")
_IMPORT_EXTENSION = re.compile(
    r"\.(?:h|hh|hpp|hxx|inc|js|jsx|mjs|cjs|ts|tsx|mts|cts|py|rb|php|vue|svelte|lua|sh|bash|dart|proto)$"
)
# Files that stand for their folder.
_FOLDER_FILES = frozenset({"index", "mod", "__init__", "lib", "main", "package", "init"})
# First parts that only say "this project".
_PROJECT_MARKS = frozenset({"crate", "self", "super", "@", "~", "src", "lib"})
# One folder is one package, without those below it.
_FLAT_PACKAGES = frozenset({"go"})
# Namespaces whose first part need not be a folder.
_ROOTED_NAMESPACES = frozenset({"php", "csharp"})
_LEAST_SHARED = 2


def origin_fit(
    origin: str, user: str, qualifier: str, name: str, path: str, qualified_name: str, language: str
) -> int:
    """Tell whether a name that a file imports may come from another file: NO, LIKELY or EXACT.

    Args:
        origin: what is imported, as `Use.origin` has it.
        user: path of the file that imports.
        qualifier, name: how the name is written there.
        path, qualified_name: the definition that may be meant.
    """
    trail = [*qualifier.split("."), name] if qualifier and qualifier != origin else [name]
    return max(
        (
            _fit(target.strip(), user, trail, path, qualified_name, language)
            for target in origin.removeprefix("* ").split(",")
        ),
        default=NO,
    )


def _fit(target: str, user: str, trail: Sequence[str], path: str, qualified_name: str, language: str) -> int:
    place = _SOURCE_EXTENSION.sub("", path)
    if target.startswith((".", "super", "self")) or not target:
        return _fit_relative(target, user, trail, place)
    return _fit_absolute(target, trail, place, qualified_name.split("."), language)


def _fit_relative(target: str, user: str, trail: Sequence[str], place: str) -> int:
    folder = posixpath.dirname(user)
    if target.startswith(("./", "../")) or target in (".", ".."):
        joined = posixpath.normpath(posixpath.join(folder, _IMPORT_EXTENSION.sub("", target)))
    else:
        joined = _dotted(target, folder) if target.startswith(".") else _from_module(target, user)
    stem = _without_folder_file(place)
    joined = _without_folder_file("" if joined == "." else joined)
    if joined in (place, stem):
        return EXACT
    inside = f"{joined}/" if joined else ""
    if any(stem == inside + "/".join(trail[:length]) for length in range(1, len(trail) + 1)):
        return EXACT
    return LIKELY if stem.startswith(inside) else NO


def _dotted(target: str, folder: str) -> str:
    """Resolve `..models` of Python from the folder of the file."""
    for _ in range(len(target) - len(target.lstrip(".")) - 1):
        folder = posixpath.dirname(folder)
    return "/".join([*filter(None, [folder]), *_PART.findall(target)])


def _from_module(target: str, user: str) -> str:
    """Resolve `super::models` of Rust from the module that the file is."""
    module = _without_folder_file(_SOURCE_EXTENSION.sub("", user))
    parts = _PART.findall(target)
    while parts and parts[0] in ("self", "super"):
        module = posixpath.dirname(module) if parts.pop(0) == "super" else module
    return "/".join([*filter(None, [module]), *parts])


def _fit_absolute(target: str, trail: Sequence[str], place: str, names: Sequence[str], language: str) -> int:
    origin = _PART.findall(_IMPORT_EXTENSION.sub("", target))
    while origin and (origin[0] in _PROJECT_MARKS or origin[0].startswith(("@", "~", "#"))):
        del origin[0]
    if not origin:
        return NO
    folders = place.split("/")[:-1]
    module = _without_folder_file(place).split("/")
    wanted = [origin, *(origin + list(trail[:length]) for length in range(1, len(trail) + 1))]
    places = [module, [*folders, *names], [*module, *names]]
    if language in _FLAT_PACKAGES:
        return _fit_package(origin, folders, target)
    if any(_ends_with(each, parts) for each in places for parts in wanted):
        is_telling = len(origin) > 1 or len(module) == 1 or len(folders) == 0
        return EXACT if is_telling else LIKELY
    if _holds(module, origin):
        return LIKELY
    if language in _ROOTED_NAMESPACES and any(_shared(each, origin) >= _LEAST_SHARED for each in places):
        return LIKELY
    return NO


def _fit_package(origin: Sequence[str], folders: Sequence[str], target: str) -> int:
    """A package is named by its module and its folder: `example.com/shop/payments` is the folder `payments`."""
    if "." not in target.split("/")[0]:
        return NO
    if not folders:
        return LIKELY
    if _ends_with(origin, folders):
        return EXACT
    return LIKELY if _ends_with(folders, origin[-2:]) or _ends_with(folders, origin[-1:]) else NO


def _without_folder_file(place: str) -> str:
    folder, _, last = place.rpartition("/")
    return folder if last in _FOLDER_FILES and folder else place


def _ends_with(whole: Sequence[str], end: Sequence[str]) -> bool:
    return bool(end) and len(end) <= len(whole) and list(whole[-len(end) :]) == list(end)


def _holds(module: Sequence[str], package: Sequence[str]) -> bool:
    """Tell whether a module lies below a package, which may pass its names on."""
    size = len(package)
    return any(list(module[start : start + size]) == list(package) for start in range(len(module) - size))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count
