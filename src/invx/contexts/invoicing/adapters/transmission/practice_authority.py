"""An authority inside the process, to practise with: it clears, rejects, is late, is down.

It does what the buyer's endpoint asks for: an id that contains `reject` is rejected, `late` is
answered after two questions, `down` is unreachable twice, anything else is cleared at once. Tests
may also `script` a document by its number. It keeps everything by key and so can prove that each
had one effect, however often it was sent. Documents of sandboxes and tests only.
"""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.adapters.transmission.answers import unreachable
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Parcel, Reason, Verdict
from invx.kernel.ids import named_id

_QUESTIONS_BEFORE_LATE_ANSWER = 2
_FAILURES_WHEN_DOWN = 2
RECEIPTS_MAX = 10_000


@dataclass(slots=True)
class Behaviour:
    """What it does with a document: first it is down so often, then it answers so late.

    `never` means that it answers only when it is told to (`decide`).
    """

    rejects: tuple[Reason, ...] = ()
    late: int = 0
    down: int = 0
    never: bool = False


@dataclass(slots=True)
class Case:
    """A document that it has."""

    parcel: Parcel
    behaviour: Behaviour
    asked: int = 0
    decided: Answer | None = None


class PracticeAuthority:
    """See `app.ports.Transmission`."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}  # by key
        self.calls: Counter[str] = Counter()  # how often each key was sent
        self._scripts: dict[str, Behaviour] = {}
        self._downs: Counter[str] = Counter()

    def script(self, number: str, behaviour: Behaviour) -> None:
        """What to do with the next document of this number that comes."""
        self._scripts[number] = behaviour

    async def send(self, parcel: Parcel) -> Answer:
        """One effect a key; the same key with other bytes is refused."""
        self.calls[parcel.key] += 1
        case = self.cases.get(parcel.key)
        if case is None:
            behaviour = self._scripts.get(parcel.number) or behaviour_for(parcel.recipient)
            if self._downs[parcel.key] < behaviour.down:
                self._downs[parcel.key] += 1
                return unreachable("down", "The authority is down.")
            case = self._open(parcel, behaviour)
        elif case.parcel.sha256 != parcel.sha256:
            reason = Reason(code="key_reused", text="The key came with another document before.")
            return Answer(verdict=Verdict.REJECTED, reasons=(reason,))
        return self._said(case)

    async def ask(self, receipt: str) -> Answer:
        """What it has decided by now."""
        case = self.cases.get(receipt)
        if case is None:
            return unreachable("receipt_unknown", "The authority does not know this receipt.")
        case.asked += 1
        return self._said(case)

    def effects(self, document_id: UUID) -> int:
        """How many things it has of a document: more than one would be a repetition taken anew."""
        return sum(case.parcel.document_id == document_id for case in self.cases.values())

    def decide(self, number: str) -> None:
        """Decide now about what waits, as if a clerk had come back."""
        for case in self.cases.values():
            if case.parcel.number == number and case.decided is None:
                case.decided = _decision(case)

    def _open(self, parcel: Parcel, behaviour: Behaviour) -> Case:
        if len(self.cases) >= RECEIPTS_MAX:
            self.cases.pop(next(iter(self.cases)))
        case = self.cases[parcel.key] = Case(parcel, behaviour)
        return case

    def _said(self, case: Case) -> Answer:
        waits = case.behaviour.never or case.asked < case.behaviour.late
        if case.decided is None and not waits:
            case.decided = _decision(case)
        return case.decided or Answer(verdict=Verdict.SENT, more=True, receipt=case.parcel.key)


def behaviour_for(recipient: str | None) -> Behaviour:
    """What the buyer's endpoint asks for."""
    wanted = (recipient or "").lower()
    if "reject" in wanted:
        rejects = (Reason(code="00400", text="The authority was asked to reject it."),)
        return Behaviour(rejects=rejects)
    if "late" in wanted:
        return Behaviour(late=_QUESTIONS_BEFORE_LATE_ANSWER)
    return Behaviour(down=_FAILURES_WHEN_DOWN if "down" in wanted else 0)


def _decision(case: Case) -> Answer:
    key = case.parcel.key
    if case.behaviour.rejects:
        return Answer(verdict=Verdict.REJECTED, receipt=key, reasons=case.behaviour.rejects)
    authority_id = f"PA-{named_id(case.parcel.document_id, key).hex[:12]}"
    return Answer(verdict=Verdict.DELIVERED, receipt=key, authority_id=authority_id)
