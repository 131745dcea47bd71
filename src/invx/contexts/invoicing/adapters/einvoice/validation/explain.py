"""From a rule of the standard to what a user of our API can do about it.

Business terms stand in the official text, or by hand where it names none. `rules.toml` says for
the rules that a user can break which field to change and why; for the others, `terms.toml` gives
the field of the first business term that has one.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from invx.contexts.invoicing.adapters.einvoice.validation.findings import (
    Finding,
    Resource,
    Severity,
)

_TERM = re.compile(r"\bB[TG]-(?:DEX-)?\d{1,3}(?:-\d+)?\b")
_ID = re.compile(r"^\[[A-Z][\w-]*\]\s*-?\s*")
_CATEGORY = re.compile(r"^BR-(S|Z|E|AE|IC|G|O|AF|AG|IG|IP)-(\d\d)$")
_FAMILY = re.compile(r"^([A-Z-]+?)-\d+(-[a-z])?$")
_HOLE = re.compile(r"\{(\w+)\}")
_SELLER = "/seller"
_OF_LEGAL_ENTITY = {"/vat_id": "/registrations"}  # it may have several


def explain(raw: Mapping[str, Any]) -> Finding:
    """A finding of the worker (see `check`), with terms, field and plain words."""
    text = _ID.sub("", raw["text"])
    known = rule(raw["rule"])
    terms = terms_of(raw["rule"], text)
    place = dict(raw["place"])
    # What is said by hand is all that there is to say, also when it names no field.
    told = "words" in known and not known.get("of_family")
    template = known.get("field") if told else _field_of_terms(terms, place)
    field, resource = _field(template, place)
    return Finding(
        rule=raw["rule"],
        severity=Severity(raw["severity"]),
        text=text,
        terms=terms,
        location=raw["location"],
        field=field,
        resource=resource,
        words=known.get("words") or text,
        line=place.get("line_id"),
        source=raw["source"],
    )


def rule(id: str) -> Mapping[str, Any]:
    """What is said of a rule by hand: `field`, `words`, `terms`.

    Of a rule of a large family only the words are, which then are those of all of the family.
    """
    table = _table("rules.toml")
    if found := table["rules"].get(id):
        return dict(found)
    family = _FAMILY.match(id)
    if found := table["families"].get(family[1] if family else id):
        return {**found, "of_family": True}
    category = _CATEGORY.match(id)
    if category is None:
        return {}
    code, name = table["categories"][category[1]]
    entry = table["category"].get(f"{category[1]}-{category[2]}")
    entry = entry or table["category"].get(category[2], {})
    return {key: _said(value, code, name) for key, value in entry.items()}


def terms_of(id: str, text: str) -> tuple[str, ...]:
    """The business terms that a rule is about, in the order of its text."""
    stated = rule(id).get("terms")
    return tuple(dict.fromkeys(stated or _TERM.findall(text)))


def term_field(term: str) -> str | None:
    """Where our API takes a business term, as a pointer with holes; None for what is worked out."""
    found = _table("terms.toml")["terms"].get(term)
    return found or None


def _said(value: Any, code: str, name: str) -> Any:
    return (
        value.replace("{code}", code).replace("{name}", name) if isinstance(value, str) else value
    )


def _field_of_terms(terms: tuple[str, ...], place: Mapping[str, Any]) -> str | None:
    """The first field that is known to the last of its holes."""
    fields = (field for term in terms if (field := term_field(term)))
    return next((field for field in fields if place.keys() >= set(_HOLE.findall(field))), None)


def _field(template: str | None, place: Mapping[str, Any]) -> tuple[str | None, Resource]:
    """The pointer with its holes filled, as far as it is known where; and whose it is."""
    if not template:
        return None, Resource.INVOICE
    steps: list[str] = []
    for step in _in_adjustments(template, place).split("/")[1:]:
        hole = _HOLE.fullmatch(step)
        if hole and place.get(hole[1]) is None:
            break
        steps.append(str(place[hole[1]]) if hole else step)
    pointer = "".join(f"/{step}" for step in steps)
    if pointer == _SELLER or pointer.startswith(f"{_SELLER}/"):
        own = pointer.removeprefix(_SELLER)
        return _OF_LEGAL_ENTITY.get(own, own), Resource.LEGAL_ENTITY
    return pointer or None, Resource.INVOICE


def _in_adjustments(template: str, place: Mapping[str, Any]) -> str:
    """`/{any}/…` is any discount or charge, of the document or of a line."""
    if not template.startswith("/{any}"):
        return template
    whose = "/lines/{line}" if "line" in place else ""
    return template.replace("/{any}", f"{whose}/{{adjustments}}/{{adjustment}}", 1)


@cache
def _table(name: str) -> Mapping[str, Any]:
    folder = resources.files("invx.contexts.invoicing.adapters.einvoice.validation")
    return tomllib.loads((folder / name).read_text("utf-8"))
