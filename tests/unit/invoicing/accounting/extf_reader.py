"""Reads DATEV files back, knowing nothing of how they are written.

Columns are found by their place, as DATEV does, not by the writer's names. Every line is held
against the expressions that DATEV's own description gives for the fields that are used.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^;"]*)')
_RULES = {
    1: r"\d{1,10},\d{2}",
    2: r"S|H",
    3: r"[A-Z]{3}",
    7: r"\d{1,9}",
    8: r"\d{1,9}",
    9: r"(\d{4})?",
    10: r"\d{4}",
    11: r"[\w$&%*+\-/]{0,36}",
    14: r".{0,60}",
    20: r'(BEDI "[0-9a-f-]{36}")?',
    37: r"[\w ]{0,36}",
    38: r"[\w ]{0,36}",
    40: r"([A-Z]{2}\w{0,13})?",
    41: r"(\d{2},\d{2})?",
    114: r"0|1",
    115: r"(\d{8})?",
    117: r"(\d{8})?",
}
_TEXTS = {2, 3, 9, 11, 12, 14, 16, 20, *range(21, 39), 40, 42, *range(48, 88), 103, 118, 120, 121}
_FIRST_FIELDS = 31


@dataclass(frozen=True)
class Line:
    """A booking as DATEV understands it."""

    amount: Decimal
    debit: str
    credit: str
    fields: tuple[str, ...]

    def field(self, number: int) -> str:
        return self.fields[number - 1]


@dataclass(frozen=True)
class Batch:
    """A booking batch."""

    header: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def balances(self) -> dict[str, Decimal]:
        """By account: what came to its debit less what came to its credit."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.lines:
            found[line.debit] += line.amount
            found[line.credit] -= line.amount
        return {account: amount for account, amount in found.items() if amount}


def split(line: str) -> list[tuple[str, bool]]:
    """The fields of a line, and whether each was quoted."""
    found, at = [], 0
    while True:
        match = _FIELD.match(line, at)
        assert match is not None, line[at:]
        quoted = match[1] is not None
        found.append((match[1].replace('""', '"') if quoted else match[2], quoted))
        at = match.end()
        if at == len(line):
            return found
        assert line[at] == ";", line[at:]
        at += 1


def lines_of(content: bytes) -> list[str]:
    """The lines of a file: Windows-1252, each ended by CR LF."""
    text = content.decode("cp1252")
    assert text.endswith("\r\n")
    lines = text[:-2].split("\r\n")
    assert not any("\n" in line or "\r" in line for line in lines)
    return lines


def read_batch(content: bytes) -> Batch:
    """A booking batch of format version 13, every line checked."""
    first, names, *lines = lines_of(content)
    header = tuple(value for value, _ in split(first))
    assert len(header) == _FIRST_FIELDS
    assert header[:5] == ("EXTF", "700", "21", "Buchungsstapel", "13")
    assert len(split(names)) == 125
    begins, ends = _day(header[14]), _day(header[15])
    assert (begins.year, begins.month) == (ends.year, ends.month)
    year = _day(header[12])
    assert year <= begins
    assert (begins - year).days < 366
    return Batch(header, tuple(_line(line, begins, ends) for line in lines))


def _line(line: str, begins: date, ends: date) -> Line:
    fields = split(line)
    assert len(fields) == 125
    for number, rule in _RULES.items():
        value = fields[number - 1][0]
        assert re.fullmatch(rule, value), (number, value)
    for number, (value, quoted) in enumerate(fields, 1):
        if number in _TEXTS:
            assert quoted, (number, value)
    values = tuple(value for value, _ in fields)
    on = date(begins.year, int(values[9][2:]), int(values[9][:2]))
    assert begins <= on <= ends
    own, other = values[6], values[7]
    debit, credit = (own, other) if values[1] == "S" else (other, own)
    return Line(Decimal(values[0].replace(",", ".")), debit, credit, values)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
