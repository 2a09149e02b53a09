"""Where a citation leads, as a screen reader says it."""

import re

from playwright.async_api import Locator


async def place_of(citation: Locator) -> tuple[str, int, int]:
    """Return the path, the first and the last line that the name of a citation or of a source says."""
    name = await citation.get_attribute("aria-label") or ""
    found = re.fullmatch(r"Source \d+: (.+), lines? (\d+)(?: to (\d+))?", name)
    assert found, f"a citation is named {name!r}"
    return found[1], int(found[2]), int(found[3] or found[2])
