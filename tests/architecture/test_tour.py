"""The tour names files and what is in them; all of it must exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLACE = re.compile(r"`([a-z_/]+\.py):([A-Za-z_]\w*)`")


def missing(text: str, source: Path) -> list[str]:
    """The places of a tour that are not there."""
    found = []
    for path, name in _PLACE.findall(text):
        file = source / path
        pattern = rf"^(?:async def|def|class) {re.escape(name)}\b"
        if not file.exists() or not re.search(pattern, file.read_text(), re.MULTILINE):
            found.append(f"{path}:{name}")
    return found


def test_every_place_of_the_tour_exists() -> None:
    text = (ROOT / "docs" / "tour.md").read_text()
    assert len(_PLACE.findall(text)) > 25
    assert missing(text, ROOT / "src" / "invx") == []


def test_a_place_that_is_not_there_is_found() -> None:
    text = "`host.py:create_app` and `host.py:summon` and `nowhere.py:create_app`"
    assert missing(text, ROOT / "src" / "invx") == ["host.py:summon", "nowhere.py:create_app"]
