"""Code of many languages in folders of about 10,000, 100,000 and 1,000,000 lines, from source packages.

The files of all packages are drawn in an order that only their names decide, so that every size is the same mixture.
"""

import asyncio
import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from firsthand.adapters.git_files import WorkspaceTree
from firsthand.core.model import SourceFile

_PYTHON = (
    *("django==5.2.19", "sympy==1.14.0", "qiskit==2.6.2", "grpcio==1.85.1", "lightgbm==4.7.0"),
    *("ansible-core==2.19.14", "jpype1==1.7.1", "bokeh==3.9.2", "salt==3008.5"),
)
_NODE = (
    *("three@0.187.0", "phaser@4.2.1", "rxjs@7.8.2", "bootstrap@5.3.9", "expo-modules-core@58.0.7"),
    *("plotly.js@3.7.0", "@openzeppelin/contracts@5.7.0", "cordova-android@15.1.0"),
)


def corpus(folder: Path, lines: int) -> Path:
    """Return a git repository of about so many lines below `folder`, made and fetched where it is not there yet."""
    root = folder / f"{lines}-lines"
    if not root.is_dir():
        pool = _pool(folder)
        partial = folder / f"{root.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for path in asyncio.run(_chosen(pool, lines)):
            target = partial / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pool / path, target)
        _commit_all(partial)
        partial.rename(root)
    return root


async def _chosen(pool: Path, lines: int) -> list[str]:
    tree = WorkspaceTree(pool)
    paths = sorted((stat.path for stat in (await tree.scan()).files), key=_draw)
    chosen: list[str] = []
    counted = 0
    for path in paths:
        if counted >= lines:
            break
        source = await tree.read(path)
        if isinstance(source, SourceFile):
            counted += source.text.count("\n")
            chosen.append(path)
    return chosen


def _draw(path: str) -> bytes:
    return hashlib.sha256(path.encode()).digest()


def _pool(folder: Path) -> Path:
    """Return the folder of all packages, unpacked."""
    pool, downloads = folder / "pool", folder / "downloads"
    if not pool.is_dir():
        partial = folder / "pool.partial"
        shutil.rmtree(partial, ignore_errors=True)
        downloads.mkdir(parents=True, exist_ok=True)
        for archive in _archives(downloads):
            with tarfile.open(archive) as opened:
                opened.extractall(
                    partial / archive.name.removesuffix(".gz").rpartition(".")[0], filter="data"
                )
        partial.rename(pool)
    return pool


def _archives(downloads: Path) -> Iterator[Path]:
    for package in _PYTHON:
        name, _, version = package.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        if not (found := downloads / f"{stem}.tar.gz").exists():
            command = [
                "download",
                "--quiet",
                "--no-deps",
                f"--no-binary={name}",
                package,
                "--dest",
                str(downloads),
            ]
            subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        yield found
    for package in _NODE:
        name, _, version = package.rpartition("@")
        found = downloads / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
        if not found.exists():
            subprocess.run(
                ["npm", "pack", "--silent", package], cwd=downloads, check=True, stdout=subprocess.DEVNULL
            )
        yield found


def _commit_all(root: Path) -> None:
    person = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
    for command in (
        ["init", "--quiet"],
        ["add", "--all", "--force"],
        [*person, "commit", "--quiet", "-m", "All files"],
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)


if __name__ == "__main__":
    for size in map(int, sys.argv[2:]):
        sys.stdout.write(f"{corpus(Path(sys.argv[1]), size)}\n")
