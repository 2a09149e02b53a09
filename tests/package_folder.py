"""A folder that pip installs this project from, as from an index: the real wheel, and stand-ins for what it needs.

A stand-in has the name and the version of a package that is installed here, and leads to it; copying the packages
themselves would take half a gigabyte for every test.
"""

import email
import importlib.metadata
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

_REPOSITORY = Path(__file__).parents[1]
_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3", "python")


def make_package_folder(folder: Path) -> dict[str, str]:
    """Fill a folder; returns the environment in which pip knows this folder and no other place."""
    folder.mkdir(parents=True)
    for distribution in _needed_by(_build_wheel(folder)):
        _stand_in(folder, distribution.name, distribution.version)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def make_python_folder(folder: Path) -> Path:
    """Fill a folder with the Python of these tests under every name that Pythons have; its packages fit no other."""
    folder.mkdir(parents=True)
    interpreter = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    for name in _PYTHONS:
        (folder / name).symlink_to(interpreter)
    return folder


def _build_wheel(folder: Path) -> Path:
    command = (
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        folder,
        _REPOSITORY,
    )
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (wheel,) = folder.glob("firsthand-*.whl")
    return wheel


def _needed_by(wheel: Path) -> Iterator[importlib.metadata.Distribution]:
    """Return what is installed here of what the wheel and its extra `llama` ask for."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = email.message_from_bytes(archive.read(metadata))
    for text in headers.get_all("Requires-Dist", ()):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": "llama"}):
            yield importlib.metadata.distribution(requirement.name)


def _stand_in(folder: Path, name: str, version: str) -> None:
    module = name.replace("-", "_").replace(".", "_")
    information = f"{module}-{version}.dist-info"
    packages = [path for path in sys.path if Path(path).name == "site-packages"]
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}_stand_in.pth", os.linesep.join(packages) + os.linesep)
        wheel.writestr(
            f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{information}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{information}/RECORD", "")
