"""From the body of a request to the domain's content: defaults, ids of lines, codes of units."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import msgspec

from invx.contexts.invoicing.api.schemas.documents import ContentIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.units.units import UnknownUnit, unit_code
from invx.infra.piecewise import convert
from invx.kernel.errors import Invalid, Problem

# What the legal entity fills in when the body says nothing; the domain never sees the stand-ins.
_DEFAULTS: dict[str, Any] = {
    "currency": "XXX",
    "profile": "en16931",
    "language": "en",
    "payment_terms": None,
}
_PARTY_FIELDS = (
    "name",
    "legal_name",
    "legal_form",
    "contact",
    "address",
    "registration",
    "identifiers",
    "endpoint",
)
_SELLER_FIELDS = (
    "registrations",
    "register",
    "directors",
    "bank_accounts",
    "logo",
    "legal_information",
)


def content_of(body: ContentIn) -> tuple[Content, frozenset[str]]:
    """The content, and the names of the fields that the legal entity is to fill in.

    Raises Invalid for units that nobody knows, naming the lines.
    """
    values = body.model_dump(exclude={"legal_entity", "finalize_at", "lines"})
    values["lines"] = [line.model_dump() for line in body.lines]  # one by one: see `piecewise`
    for attachment, stated in zip(values["attachments"], body.attachments, strict=True):
        attachment["file"] = stated.file  # a UUID inside, whatever it looks like outside
    missing = frozenset(name for name in _DEFAULTS if values[name] is None)
    if body.due_date is not None:
        missing -= {"payment_terms"}  # a stated due date needs no terms
    for name, default in _DEFAULTS.items():
        if values[name] is None:
            values[name] = default
    problems: list[Problem] = []
    taken = set(_ids(values["lines"]))
    made = (text for number in count(1) if (text := str(number)) not in taken)
    _complete(values["lines"], "/lines", made, problems)
    if problems:
        raise Invalid(problems=problems)
    return convert(values, Content), missing


def _ids(lines: Iterable[dict[str, Any]]) -> Iterable[str]:
    for line in lines:
        if line["id"] is not None:
            yield line["id"]
        yield from _ids(line["children"])


def _complete(
    lines: list[dict[str, Any]], at: str, made: Iterator[str], problems: list[Problem]
) -> None:
    for index, line in enumerate(lines):
        pointer = f"{at}/{index}"
        if line["id"] is None:
            line["id"] = next(made)
        _code_unit(line, pointer, problems)
        for place, step in enumerate(line["breakdown"]):
            if step["unit"] is not None:
                _code_unit(step, f"{pointer}/breakdown/{place}", problems)
        _complete(line["children"], f"{pointer}/children", made, problems)


def _code_unit(written: dict[str, Any], pointer: str, problems: list[Problem]) -> None:
    try:
        written["unit"] = unit_code(written["unit"])
    except UnknownUnit as error:
        problems.append(Problem(f"{pointer}/unit", error.code, error.detail))


def details_of(body: LegalEntityIn) -> LegalEntityDetails:
    """The details of a legal entity."""
    values = body.model_dump(by_alias=True)
    party = {name: values.pop(name) for name in _PARTY_FIELDS}
    seller = {name: values.pop(name) for name in _SELLER_FIELDS}
    return msgspec.convert({**values, "seller": {"party": party, **seller}}, LegalEntityDetails)
