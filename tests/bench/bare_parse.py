"""The cost of reading, parsing and hashing a folder with nothing else around, in a process of its own.

Prints the lines and the CPU seconds; `scale` runs it.
"""

import asyncio
import hashlib
import sys
import time
from pathlib import Path

from tree_sitter import Parser

from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.grammars import loading
from firsthand.core.model import SourceFile


async def bare(tree: WorkspaceTree) -> tuple[int, float]:
    """Return the lines, and the CPU seconds of reading, parsing and hashing with nothing else around."""
    lines, seconds = 0, 0.0
    for stat in (await tree.scan()).files:
        began = time.process_time()
        source = await tree.read(stat.path)
        if not isinstance(source, SourceFile):
            continue
        data = source.text.encode("utf-8", "surrogatepass")
        hashlib.sha256(data).digest()
        seconds += time.process_time() - began
        grammar = loading.load(source.language)
        began = time.process_time()
        if grammar is not None:
            Parser(grammar.language).parse(data)
        seconds += time.process_time() - began
        lines += source.text.count("\n")
    return lines, seconds


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*asyncio.run(bare(WorkspaceTree(Path(sys.argv[1]))))))
