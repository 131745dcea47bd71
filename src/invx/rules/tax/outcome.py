"""What a determination says: taxes with their ground, or what it would have to be told."""

from dataclasses import dataclass

from invx.kernel.errors import DomainError, Problem
from invx.rules.tax.model import Scheme
from invx.rules.totals.model import Profile, Tax

UNDETERMINED = "tax_undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackUse:
    """A pack that a determination drew on; a document keeps them."""

    country: str
    version: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """The taxes of a supply and why. Equal facts and packs give an equal determination.

    `place` is the jurisdiction whose law decides; `source` cites that law, rates included.
    `assumed` states what was taken for granted: the caller shows it, and the document keeps it.
    """

    taxes: tuple[Tax, ...]
    scheme: Scheme
    place: str
    source: str
    packs: tuple[PackUse, ...]
    fingerprint: str
    assumed: tuple[str, ...] = ()
    profile: Profile = Profile.EN16931  # the one that can carry these taxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A fact that is missing: `pointer` says where it belongs, `asks` what it is."""

    pointer: str
    asks: str

    def problem(self) -> Problem:
        """The question as a refusal shows it."""
        return Problem(self.pointer, UNDETERMINED, self.asks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undetermined:
    """No tax is stated, because facts or knowledge are missing."""

    questions: tuple[Question, ...]
    fingerprint: str = ""


class TaxUndetermined(DomainError):
    """The taxes of a supply cannot be determined from what is known; `problems` ask for the rest.

    Inside the rules it carries questions up to `determine`, which answers with `Undetermined`.
    """

    def __init__(self, *questions: Question) -> None:
        asked = " ".join(question.asks for question in questions)
        super().__init__(asked, problems=[question.problem() for question in questions])
        self.questions = questions


def ask(pointer: str, asks: str) -> TaxUndetermined:
    """One question, to be raised."""
    return TaxUndetermined(Question(pointer=pointer, asks=asks))
