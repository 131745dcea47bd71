"""Events that were stored before there were exchange rates are read as they were meant."""

import json
from typing import Any

import pytest

from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.wiring import CODEC
from tests.unit.invoicing.domain.drafts import TODAY, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity

NEW_OF_ENTRY = (
    "book_currency",
    "booked_amount",
    "carried_amount",
    "exchange_difference",
    "exchange_rate",
    "rate_source",
    "rate_day",
)
NEW_OF_GROUP = ("rate_day", "conversion")


def as_before(body: dict[str, Any]) -> dict[str, Any]:
    """The body without what events say only since there are exchange rates."""
    body.pop("value", None)
    for name in NEW_OF_ENTRY:
        body.get("entry", {}).pop(name, None)
    account = body.get("tax_account") or {}
    for group in account.get("groups", ()):
        for name in NEW_OF_GROUP:
            group.pop(name, None)
    if account.get("tax_currency"):
        for name in ("source", "day"):
            account["tax_currency"].pop(name, None)
    for entry in (body.get("taxes") or {}).get("entries", ()):
        entry.pop("rate_day", None)
    return body


def stored(settlement: Settlement) -> list[Any]:
    found = []
    for event in settlement.recorded:
        encoded = CODEC.encode(event)
        body = json.dumps(as_before(json.loads(encoded.body)))
        personal = [each.value.decode() for each in encoded.personal]
        found.append(CODEC.decode(encoded.type, encoded.schema_version, body, personal))
    return found


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_settlement_of_before_stands_as_it_stood(registration: Any, currency: str) -> None:
    subject = Case.of(content(line("1", "100.00"), currency=currency), entity(registration))
    paid = subject.post("record_payment", "19.00")
    subject.post("take_discount", "2.00")
    subject.reverse(paid)
    settlement = subject.settlement
    again = Settlement.rehydrate(settlement.id, stored(settlement))
    assert again.entries == settlement.entries
    assert again.standing == settlement.standing
    assert again.books is None
    assert again.taxes is not None
    assert settlement.taxes is not None
    assert again.taxes.account == settlement.taxes.account
    assert again.taxes.entries == settlement.taxes.entries
    assert again.awaits_rates is (currency == "USD")


def test_a_settlement_of_before_takes_rates_and_payments_like_any_other() -> None:
    subject = Case.of(content(line("1", "100.00"), currency="USD"), entity(ACCRUAL))
    again = Settlement.rehydrate(subject.settlement.id, stored(subject.settlement))
    entry = again.record_payment(Posting(source="later", on=TODAY, amount=D("10.00")))
    assert entry.booked_amount is None, "its value in the books was never stated"
    assert again.open == D("109.00")
