"""The rule book: which change of a document of ours breaks which official rule, and what we say.

`rulebook.tsv` has a row per rule and syntax, `unbroken.tsv` the rules that no row breaks, and why.

A mutation is a few steps, one after the other, joined by " ; ". Paths are XPath from the root,
with the usual prefixes; one that leads nowhere is an error.

    drop PATH            remove all at a path: elements, or an attribute (`…/@unitCode`)
    set PATH = TEXT      another text or attribute value at a path
    copy PATH            once more, behind itself
    after PATH = XML     an element behind that at a path
    before PATH = XML    an element in front of that at a path
    into PATH = XML      an element as the last one inside that at a path

`$line`, `$agreement`, `$delivery` and `$settlement` are the parts of CII.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tests.integration.invoicing.einvoice.editing import (
    AGREEMENT,
    DELIVERY,
    LINE,
    SETTLEMENT,
    Edit,
    after,
    before,
    both,
    copied,
    drop,
    inside,
    mark,
    put,
)

_FOLDER = Path(__file__).parent
_ATTRIBUTE = re.compile(r"^(?P<path>.+)/@(?P<name>\w+)$")
_PARTS = {
    "$line": LINE,
    "$agreement": AGREEMENT,
    "$delivery": DELIVERY,
    "$settlement": SETTLEMENT,
}
_RANGE = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Row:
    """A rule, how to break it, and what a user of our API is then told."""

    rule: str
    syntax: str
    base: str
    mutation: str
    severity: str
    terms: str  # joined by blanks
    resource: str
    field: str  # a JSON Pointer, or empty where nothing that a caller sends decides it


def rows() -> list[Row]:
    with (_FOLDER / "rulebook.tsv").open(newline="") as file:
        return [Row(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def unbroken() -> dict[tuple[str, str], str]:
    """Why no row breaks a rule, by syntax and rule."""
    with (_FOLDER / "unbroken.tsv").open(newline="") as file:
        told = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        (each["syntax"], rule): each["reason"] for each in told for rule in _rules(each["rules"])
    }


def _rules(stated: str) -> Iterator[str]:
    """`BR-01 BR-02` are two; `UBL-CR:001-003,005` are four, with as many digits."""
    for word in stated.split():
        family, _, numbers = word.partition(":")
        if not numbers:
            yield word
            continue
        for part in numbers.split(","):
            span = _RANGE.fullmatch(part)
            first, last = span.groups() if span else (part, part)
            for number in range(int(first), int(last) + 1):
                yield f"{family}-{number:0{len(first)}d}"


def mutated(xml: bytes, mutation: str) -> bytes:
    """The document after the steps of a mutation."""
    for name, path in _PARTS.items():
        mutation = mutation.replace(name, path)
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    both(*map(_step, mutation.split(" ; ")))(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


_WITH_VALUE: dict[str, Callable[[str, str], Edit]] = {
    "set": put,
    "after": after,
    "before": before,
    "into": inside,
}
_BARE: dict[str, Callable[[str], Edit]] = {"drop": drop, "copy": copied}


def _step(step: str) -> Edit:
    verb, _, rest = step.partition(" ")
    path, equals, value = rest.partition(" = ")
    attribute = _ATTRIBUTE.match(path)
    if attribute and verb in ("set", "drop"):
        return mark(attribute["path"], attribute["name"], value if equals else None)
    if verb in _BARE:
        return _BARE[verb](path)
    return _WITH_VALUE[verb](path, value)
