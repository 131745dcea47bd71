"""The claims that were made for the late payment of one document."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.interest.late_claim_events import (
    LateFeesRefused,
    LateFeesWaived,
    LateFeesWaiverEnded,
    LatePaymentClaimed,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.rules.totals.model import ZERO, Totals

SOURCE = "late_payment"  # kind of the source of lines that claim for it


class NothingToClaim(Conflict):
    """Nothing is owed for late payment that was not claimed before."""


class InterestOnInterest(Conflict):
    """What is claimed for late payment bears no interest itself (BGB § 289)."""


class AlreadyWaived(Conflict):
    """The late fees of this document are waived already."""

    code = "late_fees_already_waived"


class NotWaived(Conflict):
    """The late fees of this document are not waived."""

    code = "late_fees_not_waived"


class NoDebt(Conflict):
    """Only an invoice that stands can be paid late."""


def late_claims_id(document_id: UUID) -> UUID:
    """The id of the claims of a document: a stream of its own, found without looking it up."""
    return named_id(document_id, "late-claims")


def is_late_claim(content: Content) -> bool:
    """Whether a document claims for the late payment of another."""
    return any(line.source is not None and line.source.kind == SOURCE for line in content.lines)


def is_compensation(content: Content, totals: Totals) -> bool:
    """Whether a document is compensation only, which is no supply: no return asks for it.

    Germany: UStG § 1 Abs. 1 Nr. 1, UStAE 1.3; the Court of Justice, case 222/81 (BAZ Bausystem).
    """
    return is_late_claim(content) and all(group.category == "O" for group in totals.taxes)


class LateClaims(Aggregate):
    """All claims for the late payment of a document, whether they still stand or not.

    `refused` is why the last claim that was due could not be made; None once one was made.
    """

    document_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.claims: list[LatePaymentClaimed] = []
        self.waiver: LateFeesWaived | None = None
        self.refused: str | None = None

    def standing(self, gone: Collection[UUID]) -> list[LatePaymentClaimed]:
        """Those whose document was not thrown away or cancelled."""
        return [each for each in self.claims if each.claim_id not in gone]

    def claim(self, event: LatePaymentClaimed) -> None:
        """Note a claim. Raises NothingToClaim."""
        if event.interest + sum((amount for _, amount in event.once), ZERO) <= 0:
            raise NothingToClaim
        self.record(event)

    def waive(self, event: LateFeesWaived) -> None:
        """Claim no more by itself. Raises AlreadyWaived."""
        if self.waiver is not None:
            raise AlreadyWaived
        self.record(event)

    def end_waiver(self, event: LateFeesWaiverEnded) -> None:
        """Claim by itself again. Raises NotWaived."""
        if self.waiver is None:
            raise NotWaived
        self.record(event)

    def refuse(self, document_id: UUID, code: str) -> None:
        """What was due could not be claimed; the same reason again leaves no trace."""
        if self.refused != code:
            self.record(LateFeesRefused(document_id=document_id, code=code))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case LatePaymentClaimed():
                self.document_id = event.document_id
                self.claims.append(event)
                self.refused = None
            case LateFeesWaived():
                self.document_id, self.waiver = event.document_id, event
            case LateFeesWaiverEnded():
                self.waiver = None
            case LateFeesRefused():
                self.document_id, self.refused = event.document_id, event.code
            case _:
                violated(f"late claims do not know {type(event).__name__}")


def claimed_of(claims: Collection[LatePaymentClaimed]) -> tuple[Decimal, date | None, set[str]]:
    """Of claims that stand: their interest, their last day, and what was asked for once."""
    interest = sum((each.interest for each in claims), ZERO)
    through = max((each.through for each in claims), default=None)
    return interest, through, {name for each in claims for name, _ in each.once}
