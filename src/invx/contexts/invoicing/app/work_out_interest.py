"""What the late payment of an invoice has come to by a day, led back to days, bases and rates."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.post_entry import DateInFuture
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.interest.accrual import Debt, Segment, accrue, total_of
from invx.contexts.invoicing.domain.interest.late_claim_events import LatePaymentClaimed
from invx.contexts.invoicing.domain.interest.late_claims import (
    InterestOnInterest,
    LateClaims,
    NoDebt,
    claimed_of,
    is_late_claim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.interest.rule import STATUTORY, LateFeeRule, Terms, terms_of
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.errors import Problem
from invx.kernel.messages import Command
from invx.rules.tax.pack_late import LatePayment
from invx.rules.tax.packs import Packs
from invx.rules.totals.model import ZERO

_UNION = "EU"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOutInterest(Command):
    """By a rule of its own, else by the legal entity's, else by the law; today without a day."""

    document_id: UUID
    at: date | None = None
    rule: LateFeeRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """All interest to a day, what of it is claimed, and what is owed once beside it."""

    document: Document
    entity: LegalEntity
    at: date
    rule: LateFeeRule
    terms: Terms
    segments: tuple[Segment, ...]
    claims: tuple[LatePaymentClaimed, ...]  # those that stand
    once: tuple[tuple[str, Decimal], ...]  # what of it is not claimed yet

    @property
    def total(self) -> Decimal:
        """All interest, claimed or not."""
        return total_of(self.segments)

    @property
    def claimed(self) -> Decimal:
        return claimed_of(self.claims)[0]

    @property
    def claimed_through(self) -> date | None:
        return claimed_of(self.claims)[1]


async def work_out_interest(command: WorkOutInterest, uow: InvoicingUnitOfWork) -> Interest:
    """The interest, written nowhere.

    Raises DocumentNotFound, NoDebt, InterestOnInterest, DateInFuture, StatutoryInterestUnknown,
    ReferenceRateUnknown.
    """
    document = await uow.documents.get(command.document_id)
    if document.content.type is not DocumentType.INVOICE or document.status is not Status.FINALIZED:
        raise NoDebt
    if is_late_claim(document.content):
        raise InterestOnInterest
    entity = await uow.legal_entities.get(document.legal_entity_id)
    today = entity.today(uow.ctx.now)
    at = command.at or today
    if at > today:
        raise DateInFuture(problems=[Problem("/at", DateInFuture.code, f"Today is {today}.")])
    rule = command.rule or entity.details.late_fees or STATUTORY
    buyer = document.content.buyer
    terms = terms_of(
        rule,
        law_of(entity, uow.packs),
        consumer=buyer is not None and buyer.kind == "consumer",
        currency=document.content.currency,
    )
    settlement = await uow.settlements.get(settlement_id(document.id))
    claims = await standing_claims(document.id, uow)
    _, through, names = claimed_of(claims)
    debt = debt_of(document, settlement)
    segments = accrue(debt, terms, at, through)
    late = debt.overdue(_first_day(debt, terms), terms.grace_days) if debt.parts else ZERO
    began = bool(late) and _first_day(debt, terms) <= at
    return Interest(
        document=document,
        entity=entity,
        at=at,
        rule=rule,
        terms=terms,
        segments=tuple(segments),
        claims=tuple(claims),
        once=tuple([each for each in terms.once if began and each[0] not in names]),
    )


def law_of(entity: LegalEntity, packs: Packs) -> LatePayment | None:
    """The law of the seller's country; in the Union at least what the directive gives."""
    address = entity.seller.party.address
    pack = packs.get(address.country) if address else None
    if pack is None or pack.late_payment is not None:
        return pack.late_payment if pack else None
    union = packs.get(_UNION) if pack.eu else None
    return union.late_payment if union else None


def debt_of(document: Document, settlement: Settlement) -> Debt:
    """The claim of a document over time: each entry counts from its day."""
    claim = settlement.claim
    parts = [(each.due_date, each.amount) for each in document.instalments]
    if not parts and claim.due_date is not None:
        parts = [(claim.due_date, claim.total)]
    return Debt(
        total=claim.total,
        currency=claim.currency,
        parts=parts,
        lowered=[(entry.on, entry.amount) for entry in settlement.entries],
    )


def _first_day(debt: Debt, terms: Terms) -> date:
    """The first day on which anything can be overdue."""
    return min(due for due, _ in debt.parts) + timedelta(days=terms.grace_days + 1)


async def standing_claims(document_id: UUID, uow: InvoicingUnitOfWork) -> list[LatePaymentClaimed]:
    """The claims whose documents were not thrown away or taken back."""
    made = await uow.late_claims.find(late_claims_id(document_id))
    if not isinstance(made, LateClaims):
        return []
    documents = await uow.documents.find_all([each.claim_id for each in made.claims])
    gone = {
        id for id, each in documents.items()
        if each.status not in (Status.DRAFT, Status.FINALIZED)
    }  # fmt: skip
    return made.standing(gone)
