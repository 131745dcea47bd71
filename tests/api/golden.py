"""Writes what docs/ hold of the code: `.venv/bin/python -m tests.api.golden`.

The OpenAPI document, and the table of problem codes in API_DOCUMENTATION.md.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.api.problem_codes import table
from tests.world import make_template, open_world, running_server

DOCS = Path(__file__).parents[2] / "docs"
GOLDEN = DOCS / "openapi.json"
PAGE = DOCS / "API_DOCUMENTATION.md"
BEGIN, END = "<!-- codes: written by `python -m tests.api.golden` -->\n", "<!-- end of codes -->\n"


def text_of(document: dict[str, Any]) -> str:
    """One value a line, so that a review sees what changed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def with_codes(page: str) -> str:
    """The page with the table as the code has it."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


async def _served() -> dict[str, Any]:
    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        await make_template(server)
        async with open_world(server, Path(folder)) as world:
            return world.app.openapi()


if __name__ == "__main__":
    GOLDEN.write_text(text_of(asyncio.run(_served())))
    PAGE.write_text(with_codes(PAGE.read_text()))
