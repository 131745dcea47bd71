"""Writes docs/openapi.json anew: `.venv/bin/python -m tests.api.golden`."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.world import make_template, open_world, running_server

GOLDEN = Path(__file__).parents[2] / "docs" / "openapi.json"


def text_of(document: dict[str, Any]) -> str:
    """One value a line, so that a review sees what changed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


async def _served() -> dict[str, Any]:
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        await make_template(server)
        async with open_world(server, Path(folder)) as world:
            return world.app.openapi()


if __name__ == "__main__":
    GOLDEN.write_text(text_of(asyncio.run(_served())))
