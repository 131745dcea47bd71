"""The claims that were made for the late payment of one document."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.interest.late_claim_events import LatePaymentClaimed
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, violated
from invx.kernel.messages import Event
from invx.rules.totals.model import ZERO, Totals

SOURCE = "late_payment"  # kind of the source of lines that claim for it


class NothingToClaim(Conflict):
    """Nothing is owed for late payment that was not claimed before."""


class InterestOnInterest(Conflict):
    """What is claimed for late payment bears no interest itself (BGB § 289)."""


class NoDebt(Conflict):
    """Only an invoice that stands can be paid late."""


def late_claims_id(document_id: UUID) -> UUID:
    """The id of the claims of a document: a stream of its own, found without looking it up."""
    return uuid5(document_id, "late-claims")


def is_late_claim(content: Content) -> bool:
    """Whether a document claims for the late payment of another."""
    return any(line.source is not None and line.source.kind == SOURCE for line in content.lines)


def is_compensation(content: Content, totals: Totals) -> bool:
    """Whether a document is compensation only, which is no supply: no return asks for it.

    Germany: UStG § 1 Abs. 1 Nr. 1, UStAE 1.3; the Court of Justice, case 222/81 (BAZ Bausystem).
    """
    return is_late_claim(content) and all(group.category == "O" for group in totals.taxes)


class LateClaims(Aggregate):
    """All claims for the late payment of a document, whether they still stand or not."""

    document_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.claims: list[LatePaymentClaimed] = []

    def standing(self, gone: Collection[UUID]) -> list[LatePaymentClaimed]:
        """Those whose document was not thrown away or cancelled."""
        return [each for each in self.claims if each.claim_id not in gone]

    def claim(self, event: LatePaymentClaimed) -> None:
        """Note a claim. Raises NothingToClaim."""
        if event.interest + sum((amount for _, amount in event.once), ZERO) <= 0:
            raise NothingToClaim
        self.record(event)

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case LatePaymentClaimed():
                self.document_id = event.document_id
                self.claims.append(event)
            case _:
                violated(f"late claims do not know {type(event).__name__}")


def claimed_of(claims: Collection[LatePaymentClaimed]) -> tuple[Decimal, date | None, set[str]]:
    """Of claims that stand: their interest, their last day, and what was asked for once."""
    interest = sum((each.interest for each in claims), ZERO)
    through = max((each.through for each in claims), default=None)
    return interest, through, {name for each in claims for name, _ in each.once}
