"""What the official rules say about a document, told so that a user of our API can act on it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """As the rule's author sees it. Only `fatal` makes a document invalid."""

    FATAL = "fatal"
    WARNING = "warning"
    INFORMATION = "information"


class Resource(StrEnum):
    """The resource of our API in which `field` points."""

    INVOICE = "invoice"
    LEGAL_ENTITY = "legal_entity"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the document breaks.

    `rule` is the official id, `xsd` for the schema or `xml` for a file that is none. `field` is a
    JSON Pointer (RFC 6901) into `resource`: what to change so that the rule holds; None when
    nothing that a caller sends decides it. Lines are counted as in the XML until `at_lines`.
    """

    rule: str
    severity: Severity
    text: str  # the official words
    terms: tuple[str, ...]  # BT and BG
    location: str  # XPath with the usual prefixes
    field: str | None
    resource: Resource
    words: str  # plain English
    line: str | None = None  # BT-126 of the line at fault
    source: str = ""  # the name of the sheet or schema

    def to_json(self) -> dict[str, Any]:
        """As JSON, for an API or for evidence."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "text": self.text,
            "terms": list(self.terms),
            "location": self.location,
            "field": self.field,
            "resource": self.resource.value,
            "words": self.words,
            "line": self.line,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of one validation.

    `versions` are the sha256 of all that had a say; `missing` names sheets of the format that are
    not installed, so that "valid" is never said of rules that did not run. When a document broke
    its schema, the rules did not run either: `stopped` is then true. `omitted` counts findings
    beyond the first five hundred.
    """

    format: str
    items: tuple[Finding, ...]
    versions: Mapping[str, str]
    missing: tuple[str, ...] = ()
    stopped: bool = False
    omitted: int = 0

    @property
    def valid(self) -> bool:
        """No fatal finding, as far as the rules ran; see `complete`."""
        return not self.errors

    @property
    def complete(self) -> bool:
        """Whether all rules of the format ran."""
        return not self.missing and not self.stopped

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(item for item in self.items if item.severity is Severity.FATAL)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(item for item in self.items if item.severity is not Severity.FATAL)

    @property
    def rules(self) -> frozenset[str]:
        """The ids of all rules that were broken."""
        return frozenset(item.rule for item in self.items)

    def at_lines(self, pointers: Mapping[str, str]) -> "Findings":
        """With `field` of lines as they stand in the document.

        `pointers` maps the id of a line (BT-126) to its pointer, such as `/lines/2/children/0`.
        """
        return replace(self, items=tuple(_at_line(item, pointers) for item in self.items))

    def to_json(self) -> dict[str, Any]:
        """As JSON, for an API or for evidence."""
        return {
            "format": self.format,
            "valid": self.valid,
            "complete": self.complete,
            "missing": list(self.missing),
            "omitted": self.omitted,
            "versions": dict(self.versions),
            "findings": [item.to_json() for item in self.items],
        }


def _at_line(item: Finding, pointers: Mapping[str, str]) -> Finding:
    if (
        item.line is None
        or item.line not in pointers
        or not (item.field or "").startswith("/lines/")
    ):
        return item
    _, _, rest = (item.field or "").removeprefix("/lines/").partition("/")
    return replace(item, field=pointers[item.line] + (f"/{rest}" if rest else ""))
