"""Writes what docs/ hold of the contracts: `.venv/bin/python -m tests.contracts.asyncapi`.

With `--release` also their schemas as the last release promised them, into `released/`: run once
with each release, never between two.
"""

import json
import sys
from pathlib import Path
from typing import Any

from invx.contracts.registry import REGISTRY
from invx.host import subscribers
from invx.infra.rabbit import asyncapi

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "asyncapi.json"
GOLDEN, RELEASED = HERE / "golden", HERE / "released"


def golden(wire: str) -> Any:
    """The example of a version, as it was promised."""
    return json.loads((GOLDEN / f"{wire}.json").read_text())


def document() -> dict[str, Any]:
    """The document of this code."""
    examples = {wire: golden(wire) for wire in REGISTRY.names()}
    return asyncapi.document(REGISTRY.schemas(), subscribers(), examples)


def text_of(value: Any) -> str:
    """One value a line, so that a review sees what changed."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def release() -> None:
    """Promise the schemas of this code."""
    RELEASED.mkdir(exist_ok=True)
    for wire, schema in REGISTRY.schemas().items():
        (RELEASED / f"{wire}.json").write_text(text_of(schema))


if __name__ == "__main__":
    DOCUMENT.write_text(text_of(document()))
    if "--release" in sys.argv:
        release()
