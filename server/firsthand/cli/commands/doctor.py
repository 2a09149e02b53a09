"""`firsthand doctor`: what is wrong, and what mends it."""

import asyncio
from collections.abc import Sequence

from firsthand.app import Finding
from firsthand.cli import rendering, wire
from firsthand.cli.application import Context


def run(context: Context) -> int:
    """Diagnose; 1 when an error is found."""
    findings = asyncio.run(_diagnose(context))
    if context.arguments.json:
        context.terminal.write_json([wire.finding(item) for item in findings])
    else:
        out = context.terminal.out()
        for line in rendering.finding_lines(findings):
            out.print(line)
    return 1 if any(item.state == "error" for item in findings) else 0


async def _diagnose(context: Context) -> Sequence[Finding]:
    return await context.application.diagnose(context.root, context.settings)
