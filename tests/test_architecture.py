"""Dependencies point inward, and only the composition root knows both sides."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "server" / "firsthand"

# What the modules of a layer may import of Firsthand itself, by first part below the package.
ALLOWED = {
    "core": {"core", "errors"},
    "adapters": {"adapters", "core", "errors"},
    "lsp": {"lsp", "core", "errors", "settings"},
    "cli": {"cli", "app", "core", "errors", "settings", "lsp"},
    "settings": {"errors"},
    "errors": set(),
}
# The one layer that may import each vendor.
VENDORS = {
    "pygls": "lsp",
    "lsprotocol": "lsp",
    "lancedb": "adapters",
    "pyarrow": "adapters",
    "numpy": "adapters",
    "tree_sitter": "adapters",
    "tree_sitter_language_pack": "adapters",
    "onnxruntime": "adapters",
    "tokenizers": "adapters",
    "xllamacpp": "adapters",
    "httpx": "adapters",
    "filelock": "adapters",
    "watchfiles": "adapters",
    "rich": "cli",
    "platformdirs": "app",
}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _layer(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers_import_only_inward(module: Path) -> None:
    """A module imports only the layers that lie inside its own."""
    allowed = ALLOWED.get(_layer(module))

    outside = {
        name
        for name in _imports(module)
        if name.startswith("firsthand.")
        and allowed is not None
        and name.split(".")[1] not in allowed | {"__version__"}
    }

    assert outside == set()


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_vendors_stay_in_their_layer(module: Path) -> None:
    """Each vendor is known to one layer only."""
    layer = _layer(module)

    strangers = {name for name in _imports(module) if VENDORS.get(name.split(".")[0], layer) != layer}

    assert strangers == set()


@pytest.mark.parametrize("module", ["core.model", "core.ports", "core.workspace"])
def test_core_needs_only_the_standard_library(module: str) -> None:
    """Importing the domain loads no installed package but Firsthand."""
    code = (
        f"import sys; before = set(sys.modules); import firsthand.{module};"
        "print(' '.join(sorted({n.split('.')[0] for n in set(sys.modules) - before})))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set(loaded.stdout.split()) - sys.stdlib_module_names == {"firsthand"}
