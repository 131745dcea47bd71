"""Claim interest and fees for the late payment of an invoice, by a document of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.draft_document import open_draft
from invx.contexts.invoicing.app.finalize_document import (
    Finalized,
    FinalizeDocument,
    finalize_document,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.work_out_interest import (
    Interest,
    WorkOutInterest,
    work_out_interest,
)
from invx.contexts.invoicing.domain.content import (
    Content,
    Line,
    PaymentTerms,
    Period,
    Preceding,
    Source,
    TermsKind,
)
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.interest.accrual import total_of
from invx.contexts.invoicing.domain.interest.late_claim_events import LatePaymentClaimed
from invx.contexts.invoicing.domain.interest.late_claims import (
    SOURCE,
    LateClaims,
    NothingToClaim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.interest.rule import LateFeeRule
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.ids import typeid
from invx.kernel.messages import Command
from invx.rules.tax.packs import Packs
from invx.rules.totals.model import ONE, Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLatePayment(Command):
    document_id: UUID
    at: date | None = None
    rule: LateFeeRule | None = None
    finalize: bool = False
    series_id: UUID | None = None


async def claim_late_payment(command: ClaimLatePayment, uow: InvoicingUnitOfWork) -> Finalized:
    """The document that claims all that is owed to that day and was not claimed before.

    A day that was claimed already answers with the claim that covers it. Raises NothingToClaim and
    what `work_out_interest` and `finalize_document` raise.
    """
    asked = WorkOutInterest(document_id=command.document_id, at=command.at, rule=command.rule)
    owed = await work_out_interest(asked, uow)
    if covering := [each for each in owed.claims if each.through >= owed.at]:
        claim = await uow.documents.get(covering[0].claim_id)
        return Finalized(claim, await uow.settlements.find(settlement_id(claim.id)))
    content = _content(owed, uow.packs)
    if not content.lines:
        raise NothingToClaim
    claims = await uow.late_claims.find(late_claims_id(command.document_id))
    if claims is None:
        claims = LateClaims(late_claims_id(command.document_id))
        uow.late_claims.add(claims)
    draft = open_draft(content, owed.entity, uow, Links())
    claims.claim(
        LatePaymentClaimed(
            document_id=command.document_id,
            claim_id=draft.id,
            through=owed.at,
            interest=owed.total - owed.claimed,
            once=owed.once,
            currency=content.currency,
        )
    )
    if not command.finalize:
        return Finalized(draft, None)
    return await finalize_document(
        FinalizeDocument(document_id=draft.id, series_id=command.series_id), uow
    )


def _content(owed: Interest, packs: Packs) -> Content:
    """Payable at once: compensation is due without an invoice having to come first."""
    about = owed.document.content
    number = owed.document.number or ""
    return Content(
        currency=about.currency,
        profile=about.profile,
        language=about.language,
        buyer=about.buyer,
        recipient=about.recipient,
        buyer_reference=about.buyer_reference,
        preceding=(Preceding(number=number, issue_date=owed.document.issue_date),),
        payment_terms=PaymentTerms(kind=TermsKind.ON_RECEIPT),
        lines=tuple(_lines(owed, packs)),
    )


def _lines(owed: Interest, packs: Packs) -> Iterator[Line]:
    """New segments, what earlier claims asked for too much or too little, and what is owed once."""
    through = owed.claimed_through or date.min
    before = total_of([each for each in owed.segments if each.last <= through])
    words = _Words(owed, packs)
    count = 0
    for each in owed.segments:
        if each.first > through and each.amount:
            count += 1
            days = Period(start=each.first, end=each.last)
            text = f"{words.of('late_interest')}: {each.formula}"
            yield words.line(count, text, each.amount, days)
    if before != owed.claimed:
        count += 1
        yield words.line(count, words.of("late_correction"), before - owed.claimed)
    for name, amount in owed.once:
        count += 1
        yield words.line(count, words.of(_TEXTS[name]), amount)


_TEXTS = {"lump_sum": "late_lump_sum", "fee": "late_fee"}


class _Words:
    """How the lines of a claim are worded and taxed: compensation is no supply (category O)."""

    def __init__(self, owed: Interest, packs: Packs) -> None:
        self._owed, self._packs = owed, packs
        address = owed.entity.seller.party.address
        self._country = address.country if address else ""
        self._language = owed.document.content.language.partition("-")[0]

    def of(self, key: str) -> str:
        return self._packs.text(key, self._language, self._country)

    def line(self, number: int, text: str, amount: Decimal, days: Period | None = None) -> Line:
        reason = self.of("compensation")
        return Line(
            id=str(number),
            description=text,
            quantity=ONE if amount >= 0 else -ONE,
            price=abs(amount),
            taxes=(Tax(category="O", reason=reason, reason_code="VATEX-EU-O"),),
            source=Source(kind=SOURCE, id=typeid("inv", self._owed.document.id)),
            service_period=days,
            ledger_account=self._owed.rule.account,
        )
