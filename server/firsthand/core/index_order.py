"""In which order files are indexed: what someone works on first."""

from collections.abc import Iterable, Sequence

from firsthand.core.model import FileStat

# Beyond these folders above a file that is worked on, its neighbourhood is the whole project.
_NEAR_FOLDERS = 2


def in_order_of_interest(files: Sequence[FileStat], worked_on: Sequence[str]) -> list[FileStat]:
    """Return the files with those first that are worked on, in that order, then what is near them, then the rest."""
    rank = {path: number for number, path in enumerate(dict.fromkeys(worked_on))}
    nearness = _nearness(rank)

    def key(stat: FileStat) -> tuple[int, int]:
        own = rank.get(stat.path)
        if own is not None:
            return own, 0
        steps = (up + nearness.get(folder, _NEAR_FOLDERS) for up, folder in enumerate(_folders_of(stat.path)))
        return len(rank), min(_NEAR_FOLDERS, *steps)

    return sorted(files, key=key)


def _nearness(paths: Iterable[str]) -> dict[str, int]:
    """Return for each folder around a path how many steps above it the folder lies; the fewest count."""
    found: dict[str, int] = {}
    for path in paths:
        for steps, folder in enumerate(_folders_of(path)):
            found[folder] = min(steps, found.get(folder, steps))
    return found


def _folders_of(path: str) -> list[str]:
    """Return the folder of a file and those above it, nearest first, so far as they count as near."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: len(parts) - up]) for up in range(min(_NEAR_FOLDERS, len(parts) + 1))]
