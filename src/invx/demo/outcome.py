"""What became of one document, and whether that is what had to become of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from invx.demo.compare import Difference
from invx.demo.corpus import Case, Verdict


class Result(StrEnum):
    """How a document came out."""

    EQUAL = "equal"
    DIFFERS = "differs"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    BROKEN = "broken"  # no proper answer, or one that contradicts itself

    def passes(self, verdict: Verdict) -> bool:
        """Whether a document of this verdict may come out so.

        An exact one has to be equal. An inexact one has to be refused or reported: equal would mean
        that somebody changed a figure in silence.
        """
        match verdict:
            case Verdict.EXACT:
                return self is Result.EQUAL
            case Verdict.INEXACT:
                return self in (Result.DIFFERS, Result.REFUSED)
            case Verdict.UNKNOWN:
                return self is not Result.BROKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One document's way through the API."""

    case: Case
    result: Result
    detail: str = ""  # the problem, or why it is broken or unreadable
    differences: tuple[Difference, ...] = ()
    id: str | None = None
    number: str | None = None
    payable: str | None = None
    pdf: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether this is what the corpus calls for."""
        return self.result.passes(self.case.verdict)
