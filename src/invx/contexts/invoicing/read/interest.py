"""How interest is shown: every segment with its days, base and rate."""

from typing import Any

from invx.contexts.invoicing.app.charge_soon import ChargingOf
from invx.contexts.invoicing.app.work_out_interest import Interest
from invx.contexts.invoicing.domain.interest.accrual import Segment
from invx.contexts.invoicing.domain.interest.late_claim_events import LatePaymentClaimed
from invx.contexts.invoicing.read.views import INVOICE
from invx.kernel.ids import typeid


def interest_view(owed: Interest) -> dict[str, Any]:
    """All interest of an invoice to a day, what is claimed of it and what is not."""
    terms = owed.terms
    return {
        "object": "interest",
        "invoice": typeid(INVOICE, owed.document.id),
        "at": owed.at.isoformat(),
        "currency": owed.document.content.currency,
        "kind": str(owed.rule.interest),
        "source": terms.source,
        "day_count": str(terms.day_count),
        "grace_days": terms.grace_days,
        "segments": [_segment(each) for each in owed.segments],
        "interest": str(owed.total),
        "claimed": str(owed.claimed),
        "unclaimed": str(owed.total - owed.claimed),
        "claimed_through": owed.claimed_through.isoformat() if owed.claimed_through else None,
        "once": [{"kind": name, "amount": str(amount)} for name, amount in owed.once],
        "claims": [_claim(each) for each in owed.claims],
    }


def charging_view(found: ChargingOf) -> dict[str, Any]:
    """Whether late payment is claimed by itself, and what is in the way."""
    waiver = found.claims.waiver if found.claims else None
    return {
        "object": "late_fee_charging",
        "invoice": typeid(INVOICE, found.document_id),
        "state": str(found.state),
        "next_on": found.next_on.isoformat() if found.next_on else None,
        "refused": found.claims.refused if found.claims else None,
        "waived_by": waiver.by if waiver else None,
        "waiver_reason": waiver.reason if waiver else None,
    }


def _segment(segment: Segment) -> dict[str, Any]:
    base = segment.rate.base
    return {
        "from": segment.first.isoformat(),
        "to": segment.last.isoformat(),
        "days": segment.days,
        "base": str(segment.base),
        "rate": str(segment.rate.rate),
        "base_rate": None if base is None else str(base),
        "amount": str(segment.amount),
        "formula": segment.formula,
    }


def _claim(claim: LatePaymentClaimed) -> dict[str, Any]:
    return {
        "invoice": typeid(INVOICE, claim.claim_id),
        "through": claim.through.isoformat(),
        "interest": str(claim.interest),
        "once": [{"kind": name, "amount": str(amount)} for name, amount in claim.once],
    }
