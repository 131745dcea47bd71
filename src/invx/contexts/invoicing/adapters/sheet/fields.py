"""Reading a resource in which anything may be absent, and text made fit to be set."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = Mapping[str, Any]

_LONG_WORD = re.compile(r"\S{35,}")
_BREAK = "\u200b"  # zero-width space: a place where a line may end
_EDGE_CHARS = 4  # a broken word keeps at least these together on either side


def part(source: Json, key: str) -> Json:
    """The object under `key`; an empty one where there is none."""
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def parts(source: Json, key: str) -> list[Json]:
    """The objects of the list under `key`; none where it is absent."""
    return [item for item in source.get(key) or () if isinstance(item, Mapping)]


def word(source: Json, key: str) -> str:
    """The text under `key` on one line; empty where there is none."""
    return " ".join(tidy(str(source.get(key) or "")).split())


def lines(source: Json, key: str) -> list[str]:
    """The text under `key`, line by line, without blank lines at its ends."""
    text = tidy(str(source.get(key) or "")).strip("\n")
    return [breakable(" ".join(line.split())) for line in text.split("\n")] if text.strip() else []


def amount(source: Json, key: str) -> str | None:
    """The exact figure under `key`; None where it is absent or zero."""
    value = source.get(key)
    return str(value) if value is not None and Decimal(str(value)) else None


def tidy(text: str) -> str:
    """Composed Unicode (NFC), one kind of line end, and no control characters."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs") else " "
        for sign in composed
    )


def breakable(text: str) -> str:
    """`text` with places to break in words that no column holds."""
    return _LONG_WORD.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    sign = match.group()
    start, middle, end = sign[:_EDGE_CHARS], sign[_EDGE_CHARS:-_EDGE_CHARS], sign[-_EDGE_CHARS:]
    return start + _BREAK + _BREAK.join(middle) + _BREAK + end
