"""What a table is before it is a file: named columns, each of one form, and rows of cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeAlias

Cell: TypeAlias = str | Decimal | int | bool | date | datetime | None
Cells: TypeAlias = Sequence[Cell]  # in the order of the columns

# OWASP, "CSV Injection": also in full width, which spreadsheets of East Asia take for the same.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Form(StrEnum):
    """What the cells of a column are; each may also be empty."""

    TEXT = "text"
    AMOUNT = "amount"  # exact, on the smallest unit of its currency
    NUMBER = "number"  # exact, with as many decimals as it has
    WHOLE = "whole"
    DAY = "day"
    MOMENT = "moment"  # UTC
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; its name never changes."""

    name: str
    form: Form = Form.TEXT


class TableFile(Protocol):
    """A file in the making. What it gives is sent as it is, in this order."""

    def head(self) -> bytes:
        """How the file begins."""
        ...

    def rows(self, rows: Sequence[Cells]) -> bytes:
        """Some rows, or those before them that are ready by now."""
        ...

    def end(self) -> bytes:
        """How the file ends."""
        ...

    def drop(self) -> None:
        """It is not wanted any more, finished or not."""
        ...


def plainly(number: Decimal) -> str:
    """A number without an exponent, with the decimals that it has."""
    return format(number, "f")
