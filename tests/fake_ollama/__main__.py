"""Run a fake Ollama as its own process: `python -m fake_ollama --port 0 --print-port`."""

import argparse
import asyncio
import sys

from fake_ollama.models import from_catalogue
from fake_ollama.server import FakeOllama


async def serve(port: int, version: str, names: list[str], print_port: bool) -> None:
    """Serve until the process is ended."""
    models = [model for name in names if (model := from_catalogue(name)) is not None]
    async with FakeOllama(models if names else None, version, port=port) as fake:
        if print_port:
            sys.stdout.write(f"{fake.port}\n")
            sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the flags and serve."""
    parser = argparse.ArgumentParser(prog="fake_ollama", description="An Ollama without any model behind it.")
    parser.add_argument("--port", type=int, default=11434, help="0 takes a free one")
    parser.add_argument("--print-port", action="store_true", help="write the port to stdout once it listens")
    parser.add_argument("--version", default="0.33", help="the release to play")
    parser.add_argument("--model", action="append", default=[], help="a model of the catalogue; repeatable")
    flags = parser.parse_args()
    try:
        asyncio.run(serve(flags.port, flags.version, flags.model, flags.print_port))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
