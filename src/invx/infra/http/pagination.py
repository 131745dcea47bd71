"""Lists: `limit`, `after`, `sort`, filters and `expand` in; a page and the next cursor out.

Pages follow keys, not offsets: rows that come and go between two pages are neither skipped nor
shown twice, and page 1,000 costs what page 1 costs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi.params import Depends
from starlette.requests import Request

from invx.infra.http.answers import encode
from invx.infra.http.cursors import (
    CURSOR_CHARS_MAX,
    FINGERPRINT_BYTES,
    Position,
    SortKey,
    decode_cursor,
    encode_cursor,
)
from invx.infra.http.declarations import Declaration
from invx.infra.http.filters import (
    Condition,
    Kind,
    listed_schema,
    openapi_parameters,
    parse_condition,
)
from invx.infra.http.problems import parameter_problem
from invx.kernel import limits
from invx.kernel.errors import Invalid, Problem

_PAGE_MAX = limits.PAGE_ITEMS_MAX
_NAME = re.compile(r"([a-z][a-z0-9_]*)(?:\[([^\[\]]*)\])?")


class InvalidQuery(Invalid):
    """The query string asks for something that this list does not offer."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list can be asked. `sorts` names each sort key with the type of its values."""

    filters: Mapping[str, Kind] = field(default_factory=dict)
    sorts: Mapping[str, type] = field(default_factory=lambda: {"created": datetime})
    default_sort: str = "-created"
    expand: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One page of one list, as asked for."""

    limit: int
    sort: str
    descending: bool
    conditions: tuple[Condition, ...] = ()
    after: Position | None = None
    expand: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> bytes:
        """Tells this query from others; which page of it and how long makes no difference."""
        parts = sorted(
            repr((each.field, each.operator, each.key, each.value)) for each in self.conditions
        )
        text = "\n".join([self.sort, str(self.descending), *parts])
        return sha256(text.encode()).digest()[:FINGERPRINT_BYTES]

    def cursor(self, key: SortKey, id: UUID) -> str:
        """The cursor for the page that begins after the row with this sort key and id."""
        return encode_cursor(self.fingerprint, Position(key, id))


@dataclass(frozen=True, slots=True)
class ReadListQuery:
    """The dependency behind `list_query`."""

    listing: Listing

    def __hash__(self) -> int:
        return id(self.listing)

    async def __call__(self, request: Request) -> ListQuery:
        return parse_list_query(self.listing, request.query_params.multi_items())

    @property
    def declaration(self) -> Declaration:
        return Declaration(parameters=tuple(_parameters(self.listing)), statuses=(422,))


def list_query(listing: Listing) -> Depends:
    """What the caller asks of a list.

    `query: Annotated[ListQuery, list_query(INVOICES)]`
    """
    return Depends(ReadListQuery(listing))


def parse_list_query(listing: Listing, given: Sequence[tuple[str, str]]) -> ListQuery:
    """Raises InvalidQuery that names every parameter at fault."""
    reading = _Reading(listing)
    for name, text in given:
        reading.take(name, text)
    return reading.result()


class _Reading:
    """Goes through the parameters once and collects what is wrong with them."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.problems: list[Problem] = []
        self.seen: set[str] = set()
        self.limit = limits.PAGE_ITEMS_DEFAULT
        self.sort = listing.default_sort
        self.expand: frozenset[str] = frozenset()
        self.after: str | None = None
        self.conditions: list[Condition] = []

    def take(self, name: str, text: str) -> None:
        if name in self.seen:
            self._wrong(name, "given_twice", "Give it once; separate values by commas.")
            return
        self.seen.add(name)
        try:
            self._read(name, text)
        except ValueError as error:
            self._wrong(name, "invalid_value", str(error))

    def _read(self, name: str, text: str) -> None:
        match name:
            case "limit":
                if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _PAGE_MAX:
                    raise ValueError(f"Expected a number from 1 to {_PAGE_MAX}.")
                self.limit = int(text[:9])
            case "after":
                self.after = text
            case "sort":
                if text.removeprefix("-") not in self.listing.sorts:
                    raise ValueError(f"Expected one of {', '.join(_sorts(self.listing))}.")
                self.sort = text
            case "expand" if self.listing.expand:
                wanted = frozenset(text.split(","))
                if not wanted <= set(self.listing.expand):
                    raise ValueError(f"Expected one or more of {', '.join(self.listing.expand)}.")
                self.expand = wanted
            case _:
                self._filter(name, text)

    def _filter(self, name: str, text: str) -> None:
        match = _NAME.fullmatch(name)
        kind = self.listing.filters.get(match[1]) if match else None
        if match is None or kind is None:
            known = ", ".join(each["name"] for each in _parameters(self.listing))
            self._wrong(name, "unknown_parameter", f"This list understands: {known}.")
            return
        self.conditions.append(parse_condition(match[1], match[2], kind, text))

    def _wrong(self, name: str, code: str, detail: str) -> None:
        shown = name if name.isprintable() else repr(name)
        self.problems.append(parameter_problem("query", shown[:100], code, detail))

    def result(self) -> ListQuery:
        sort = self.sort.removeprefix("-")
        query = ListQuery(
            limit=self.limit,
            sort=sort,
            descending=self.sort.startswith("-"),
            conditions=tuple(self.conditions),
            expand=self.expand,
        )
        if self.after is not None and not self.problems:
            try:
                after = decode_cursor(self.after, query.fingerprint, self.listing.sorts[sort])
            except ValueError as error:
                self._wrong("after", "invalid_cursor", str(error))
            else:
                return ListQuery(**_fields(query) | {"after": after})
        if self.problems:
            raise InvalidQuery(problems=self.problems)
        return query


def _fields(query: ListQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in ListQuery.__slots__}


def _sorts(listing: Listing) -> list[str]:
    return [form for name in listing.sorts for form in (name, f"-{name}")]


def _parameters(listing: Listing) -> list[dict[str, Any]]:
    page = {"type": "integer", "minimum": 1, "maximum": limits.PAGE_ITEMS_MAX}
    found: list[dict[str, Any]] = [
        {
            "name": "limit",
            "in": "query",
            "description": "Items per page.",
            "schema": page | {"default": limits.PAGE_ITEMS_DEFAULT},
        },
        {
            "name": "after",
            "in": "query",
            "description": "`next` of the page before, with the same filters and sort.",
            "schema": {"type": "string", "maxLength": CURSOR_CHARS_MAX},
        },
        {
            "name": "sort",
            "in": "query",
            "description": "A minus sign turns the order around.",
            "schema": {
                "type": "string",
                "enum": _sorts(listing),
                "default": listing.default_sort,
            },
        },
    ]
    if listing.expand:
        found.append(
            {
                "name": "expand",
                "in": "query",
                "description": "What to show whole instead of by its id.",
                "schema": listed_schema("|".join(listing.expand)),
            }
        )
    return found + openapi_parameters(listing.filters)


def page_body(items: Sequence[bytes], *, has_more: bool, next: str | None) -> bytes:
    """The body of a page, joined from items that are encoded already."""
    tail = encode({"has_more": has_more, "next": next})
    return b'{"object":"list","data":[' + b",".join(items) + b"]," + tail[1:]
