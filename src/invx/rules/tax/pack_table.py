"""A TOML table that is read strictly: key by key, and every error names the key at fault."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from invx.kernel.errors import Invalid, Problem

_Part = TypeVar("_Part")
_Word = TypeVar("_Word", bound=StrEnum)


class PackInvalid(Invalid):
    """The text is not a country pack; `problems` name each key at fault."""


def wrong_key(at: str, detail: str) -> PackInvalid:
    """What to raise about the key at this pointer."""
    return PackInvalid(f"{at}: {detail}", problems=[Problem(at, "pack_invalid", detail)])


class Table:
    """One TOML table: keys are taken one by one, and what nobody took is an error."""

    def __init__(self, at: str, values: object) -> None:
        if not isinstance(values, Mapping):
            raise wrong_key(at or "/", "must be a table")
        self.at = at
        self._left: dict[str, object] = dict(values)

    @property
    def given(self) -> bool:
        """Whether it has any key."""
        return bool(self._left)

    def has(self, key: str) -> bool:
        return key in self._left

    def wrong(self, key: str, detail: str) -> PackInvalid:
        """What to raise about a key."""
        return wrong_key(f"{self.at}/{key}", detail)

    def take(self, key: str, type: type[_Part], *default: _Part) -> _Part:
        if key not in self._left:
            if not default:
                raise wrong_key(f"{self.at}/{key}", "is missing")
            return default[0]
        value = self._left.pop(key)
        odd = isinstance(value, datetime) or (isinstance(value, bool) and type is not bool)
        if odd or not isinstance(value, type):
            raise wrong_key(f"{self.at}/{key}", f"must be of type {type.__name__}")
        return value

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self.take(key, str)
        if not value.strip() or (pattern and not pattern.fullmatch(value)):
            raise wrong_key(f"{self.at}/{key}", f"{value!r} is not acceptable here")
        return value

    def maybe(self, key: str, pattern: re.Pattern[str] | None = None) -> str | None:
        return self.text(key, pattern) if key in self._left else None

    def number(self, key: str) -> int | None:
        return self.take(key, int) if key in self._left else None

    def word(self, key: str, words: type[_Word], *default: _Word) -> _Word:
        if default and key not in self._left:
            return default[0]
        return self._known(key, self.take(key, str), words)

    def words(self, key: str, words: type[_Word]) -> tuple[_Word, ...]:
        return tuple(self._known(key, value, words) for value in self.strings(key))

    def _known(self, key: str, value: str, words: type[_Word]) -> _Word:
        try:
            return words(value)
        except ValueError:
            raise wrong_key(
                f"{self.at}/{key}", f"{value!r} is none of {', '.join(words)}"
            ) from None

    def strings(self, key: str, pattern: re.Pattern[str] | None = None) -> tuple[str, ...]:
        values: list[object] = self.take(key, list, [])
        for index, value in enumerate(values):
            if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
                raise wrong_key(f"{self.at}/{key}/{index}", f"{value!r} is not acceptable here")
        return tuple(map(str, values))

    def rows(self, key: str, read: Callable[["Table"], _Part]) -> tuple[_Part, ...]:
        rows: list[object] = self.take(key, list, [])
        found = []
        for index, row in enumerate(rows):
            table = Table(f"{self.at}/{key}/{index}", row)
            found.append(read(table))
            table.done()
        return tuple(found)

    def table(self, key: str) -> "Table":
        return Table(f"{self.at}/{key}", self._left.pop(key, {}))

    def pairs(self) -> Iterator[tuple[str, str]]:
        for key in list(self._left):
            yield key, self.text(key)

    def done(self) -> None:
        if self._left:
            raise wrong_key(f"{self.at}/{min(self._left)}", "is not a key of a pack")
