"""How a series of document numbers is set up."""

from collections.abc import Iterable
from dataclasses import dataclass

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.numbering import NUMBER_MAX, Reset, pattern_problems
from invx.kernel.errors import Problem
from invx.kernel.limits import NAME_CHARS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDefinition:
    """How a series counts. `start` is the first number of the first period that is used."""

    name: str
    pattern: str
    types: tuple[DocumentType, ...]  # that share these numbers
    reset: Reset = Reset.YEARLY
    start: int = 1
    legal: bool = True  # False for proformas: gaps and order mean nothing to the law


def definition_problems(definition: SeriesDefinition) -> list[Problem]:
    """Why no series can be opened like this, with pointers; empty when it can."""
    problems = pattern_problems(definition.pattern, definition.reset)
    types = set(definition.types)
    if not 0 < len(definition.name.strip()) <= NAME_CHARS_MAX:
        problems.append(Problem("/name", "name_malformed", f"1 to {NAME_CHARS_MAX} characters."))
    if not types or len(types) != len(definition.types):
        problems.append(Problem("/types", "types_malformed", "At least one, and each once."))
    if DocumentType.PROFORMA in types and len(types) > 1:
        detail = "A proforma never takes a number from a legal series."
        problems.append(Problem("/types", "types_do_not_mix", detail))
    elif types and definition.legal is (DocumentType.PROFORMA in types):
        detail = "A series is legal exactly when it is not for proformas."
        problems.append(Problem("/legal", "legal_mismatch", detail))
    if not 0 < definition.start <= NUMBER_MAX:
        problems.append(Problem("/start", "start_out_of_range", f"1 to {NUMBER_MAX}."))
    return problems


def default_series(types: Iterable[DocumentType] = tuple(DocumentType)) -> list[SeriesDefinition]:
    """The series that a new legal entity gets, one for each of `types`, counting by year."""
    patterns = {
        DocumentType.INVOICE: "{YYYY}-{number:04}",
        DocumentType.CREDIT_NOTE: "CN-{YYYY}-{number:04}",
        DocumentType.PROFORMA: "PF-{YYYY}-{number:04}",
    }
    return [
        SeriesDefinition(
            name=served.value.replace("_", " ").capitalize(),
            pattern=patterns[served],
            types=(served,),
            legal=served is not DocumentType.PROFORMA,
        )
        for served in types
    ]
