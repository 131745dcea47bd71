"""From the body of a request to the domain's content: defaults, ids of lines, codes of units."""

from collections.abc import Iterable
from typing import Any

import msgspec

from invx.contexts.invoicing.api.schemas.documents import ContentIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.units import UnknownUnit, unit_code
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
    values = body.model_dump(exclude={"legal_entity", "lines"})
    values["lines"] = [line.model_dump() for line in body.lines]  # one by one: see `piecewise`
    missing = frozenset(name for name in _DEFAULTS if values[name] is None)
    if body.due_date is not None:
        missing -= {"payment_terms"}  # a stated due date needs no terms
    for name, default in _DEFAULTS.items():
        if values[name] is None:
            values[name] = default
    problems: list[Problem] = []
    _complete(values["lines"], "/lines", set(_ids(values["lines"])), problems)
    if problems:
        raise Invalid(problems=problems)
    return convert(values, Content), missing


def _ids(lines: Iterable[dict[str, Any]]) -> Iterable[str]:
    for line in lines:
        if line["id"] is not None:
            yield line["id"]
        yield from _ids(line["children"])


def _complete(
    lines: list[dict[str, Any]], pointer: str, taken: set[str], problems: list[Problem]
) -> None:
    number = 0
    for index, line in enumerate(lines):
        if line["id"] is None:
            number += 1
            while str(number) in taken:
                number += 1
            made = str(number)
            line["id"] = made
            taken.add(made)
        try:
            line["unit"] = unit_code(line["unit"])
            for step in line["breakdown"]:
                step["unit"] = step["unit"] and unit_code(step["unit"])
        except UnknownUnit as error:
            problems.append(Problem(f"{pointer}/{index}/unit", error.code, error.detail))
        _complete(line["children"], f"{pointer}/{index}/children", taken, problems)


def details_of(body: LegalEntityIn) -> LegalEntityDetails:
    """The details of a legal entity."""
    values = body.model_dump(by_alias=True)
    party = {name: values.pop(name) for name in _PARTY_FIELDS}
    seller = {name: values.pop(name) for name in _SELLER_FIELDS}
    return msgspec.convert({**values, "seller": {"party": party, **seller}}, LegalEntityDetails)
