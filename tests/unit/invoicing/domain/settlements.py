"""Settlements to start a test from: an invoice over 100.00 EUR unless it says otherwise."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement

DAY = date(2026, 3, 2)
OVERDUE = datetime(2026, 3, 16, 23, tzinfo=UTC)
SUBJECT = UUID(int=7)


def claim(total="100.00", currency="EUR", **changes):
    return replace(
        Claim(
            document_id=UUID(int=1),
            document_type=DocumentType.INVOICE,
            legal_entity_id=UUID(int=2),
            customer="acme",
            currency=currency,
            total=Decimal(total),
            opened_on=DAY,
            due_date=date(2026, 3, 16),
            overdue_from=OVERDUE,
        ),
        **changes,
    )


def opened(total="100.00", currency="EUR", **changes):
    settlement = Settlement.open_for(claim(total, currency, **changes), subject_id=SUBJECT)
    settlement.recorded.clear()
    return settlement


def post(amount=None, source="bank:1", on=DAY, **more):
    return Posting(amount=None if amount is None else Decimal(amount), source=source, on=on, **more)


def figures(settlement):
    return str(settlement.open), str(settlement.surplus), settlement.status


def kinds(settlement):
    return [type(event) for event in settlement.recorded]
