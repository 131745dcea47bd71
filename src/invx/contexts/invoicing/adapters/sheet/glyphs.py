"""Which characters the fonts have, read from their `cmap` tables.

PDF/A forbids a glyph that is not there, and typst refuses to write one: a single emoji in a line
would leave an invoice without its PDF. So such a character becomes a visible □ beforehand.
"""

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Self

MISSING = "□"
_SUFFIXES = (".otf", ".ttf")
_COLLECTIONS = b"ttcf"
# Format characters with a shape of their own: Arabic and Indic number signs, annotation anchors,
# hieroglyph joiners.
_SHAPED = "\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_SHAPED_RANGES = (("\u0600", "\u0605"), ("\ufff9", "\ufffb"), ("\U00013430", "\U0001345f"))


class Glyphs:
    """The characters that a set of fonts can draw."""

    def __init__(self, characters: frozenset[int]) -> None:
        self._characters = characters

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Self:
        """What the fonts below these folders have; of a collection (.ttc), its first face."""
        files = sorted(
            path
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix.lower() in (*_SUFFIXES, ".ttc")
        )
        return cls(frozenset().union(*(_drawn_by(path, path.stat().st_mtime_ns) for path in files)))

    def __contains__(self, character: str) -> bool:
        return ord(character) in self._characters

    def drawable(self, text: str) -> str:
        """`text` with □ for every character that is visible and that no font has."""
        if text.isascii():
            return text
        return text.translate(self._replacements(text))

    def _replacements(self, text: str) -> dict[int, str]:
        return {
            ord(sign): MISSING
            for sign in set(text)
            if ord(sign) not in self._characters and _visible(sign)
        }


def _visible(sign: str) -> bool:
    if sign in _SHAPED or any(first <= sign <= last for first, last in _SHAPED_RANGES):
        return True
    # Joiners, marks of direction and variation selectors are consumed by shaping.
    if unicodedata.category(sign) in ("Cf", "Cc", "Zl", "Zp"):
        return False
    return not ("\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef")


@cache
def _drawn_by(path: Path, _changed_at: int) -> frozenset[int]:
    """Read once in a process, not once for each installation in it."""
    return frozenset(_characters(path.read_bytes()))


def _characters(font: bytes) -> Iterator[int]:
    start = struct.unpack_from(">I", font, 12)[0] if font[:4] == _COLLECTIONS else 0
    (count,) = struct.unpack_from(">H", font, start + 4)
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, start + 12 + 16 * index)
        if tag == b"cmap":
            yield from _from_cmap(font, offset)


def _from_cmap(font: bytes, start: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", font, start + 2)
    for index in range(count):
        (offset,) = struct.unpack_from(">I", font, start + 4 + 8 * index + 4)
        (kind,) = struct.unpack_from(">H", font, start + offset)
        if kind == 4:  # noqa: PLR2004 the format of the basic plane
            yield from _segments(font, start + offset)
        elif kind == 12:  # noqa: PLR2004 the format of all planes
            yield from _groups(font, start + offset)


def _segments(font: bytes, at: int) -> Iterator[int]:
    (twice,) = struct.unpack_from(">H", font, at + 6)
    layout = f">{twice // 2}H"
    ends = struct.unpack_from(layout, font, at + 14)
    starts = struct.unpack_from(layout, font, at + 16 + twice)
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)


def _groups(font: bytes, at: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">I", font, at + 12)
    for index in range(count):
        first, last, _ = struct.unpack_from(">III", font, at + 16 + 12 * index)
        yield from range(first, last + 1)
