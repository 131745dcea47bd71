"""What may be done to a document in which state: every state with every operation."""

import pytest

from tests.e2e.acts import count_rows
from tests.integration.invoicing.states import OPERATIONS, STATES, attempt
from tests.world import Desk

ISSUED = [state for state in STATES if state not in {"draft", "deleted"}]
GONE = ["voided", "cancelled", "replaced"]  # finalized, and standing no more
NOT_INVOICES = ["cancellation", "credit_note", "proforma"]
NOTHING_OPEN = ["settled", "overpaid", "credited", "cancelled", "replaced", *NOT_INVOICES[:2]]
OWED_TO_THE_BUYER = {"overpaid", "credit_note"}
DONE = {"delete": 204, "cancel": 201, "replace": 201, "credit": 201, "credit_part": 201}

# Why an operation is refused, and in which states; in all others it is done.
NOT_DRAFT = {"document_not_draft": ISSUED}
NOT_STANDING = {"document_not_finalized": ["draft", *GONE]}
NOT_AN_INVOICE = {"document_not_creditable": NOT_INVOICES}
NO_LEDGER = {"settlement_not_found": ["draft", "deleted", "proforma"]}
CLOSED = {"settlement_closed": ["voided"]}
REFUSALS: dict[str, dict[str, list[str]]] = {
    "get": {},
    "edit": NOT_DRAFT,
    "delete": NOT_DRAFT,
    "check": {},
    "finalize": NOT_DRAFT,
    "preview": NOT_DRAFT,
    "pdf": {"document_not_finalized": ["draft"]},
    "void": {
        **NOT_STANDING,
        "document_released": ["released"],
        "document_settled": ["partly_paid", "settled", "overpaid", "cancellation"],
        "document_credited": ["partly_credited", "credited"],
    },
    "cancel": {**NOT_STANDING, **NOT_AN_INVOICE, "nothing_left_to_credit": ["credited"]},
    "replace": {
        "document_not_finalized": ["draft"],
        "document_replaced": ["replaced"],
        "nothing_left_to_credit": ["credited"],
        **NOT_AN_INVOICE,
    },
    "credit": {**NOT_STANDING, **NOT_AN_INVOICE, "nothing_left_to_credit": ["credited"]},
    "credit_part": {**NOT_STANDING, **NOT_AN_INVOICE, "credit_exceeds_remainder": ["credited"]},
    "release": NOT_STANDING,
    "settlement": NO_LEDGER,
    "pay": {**NO_LEDGER, **CLOSED},
    "discount": {**NO_LEDGER, **CLOSED, "nothing_open": NOTHING_OPEN},
    "certify": {
        **NO_LEDGER,
        **CLOSED,
        "nothing_to_withhold": NOT_INVOICES[:2],
    },
    "write_off": {**NO_LEDGER, **CLOSED, "nothing_open": NOTHING_OPEN},
    "refund": {
        **NO_LEDGER,
        "nothing_to_refund": [
            state for state in ISSUED if state not in OWED_TO_THE_BUYER and state != "proforma"
        ],
    },
    "reverse": {
        **NO_LEDGER,
        "entry_not_found": [state for state in ISSUED if state != "proforma"],
    },
    "plan": {**NO_LEDGER, **CLOSED, "nothing_open": NOTHING_OPEN},
    "end_plan": {
        **NO_LEDGER,
        "no_payment_plan": [state for state in ISSUED if state != "proforma"],
    },
    "dispute": {**NO_LEDGER, **CLOSED, "already_disputed": ["disputed"]},
    "settle_dispute": {
        **NO_LEDGER,
        "not_disputed": [state for state in ISSUED if state not in {"disputed", "proforma"}],
    },
    "history": {},
    "explain": {},
}
NO_DOCUMENT = "invoice_not_found"


def refusal(operation: str, state: str) -> str | None:
    """The code of the refusal; None when it is done."""
    for code, states in REFUSALS[operation].items():
        if state in states:
            return code
    # What happened to a draft that was thrown away can still be read; nothing else of it.
    return NO_DOCUMENT if state == "deleted" and operation != "history" else None


def test_every_operation_has_its_row() -> None:
    assert REFUSALS.keys() == OPERATIONS.keys()
    named = {state for row in REFUSALS.values() for states in row.values() for state in states}
    assert named <= STATES.keys()


@pytest.mark.parametrize("state", STATES)
async def test_each_operation_is_done_or_refused_as_the_state_wants(desk: Desk, state: str) -> None:
    await _refused_without_a_trace(desk, state)
    await _done_and_remembered(desk, state)


async def _refused_without_a_trace(desk: Desk, state: str) -> None:
    document = await STATES[state](desk)
    before = await count_rows(desk.world)
    for operation in OPERATIONS:
        if (code := refusal(operation, state)) is None:
            continue
        answer = await attempt(desk, document, operation)
        status = 404 if code.endswith("_not_found") else 409
        assert (answer.status_code, answer.json()["code"]) == (status, code), operation
        assert await count_rows(desk.world) == before, operation


async def _done_and_remembered(desk: Desk, state: str) -> None:
    for operation, (method, _, _) in OPERATIONS.items():
        if refusal(operation, state) is not None:
            continue
        document = await STATES[state](desk)
        history = f"/v1/invoices/{document['id']}/history"
        before = await desk.get(history)
        answer = await attempt(desk, document, operation)
        assert answer.status_code == DONE.get(operation, 200), f"{operation}: {answer.text}"
        after = await desk.get(history)
        asks_only = method == "GET" or operation in {"check", "replace", "credit_part"}
        released = operation == "release" and state == "released"
        cancels = operation == "replace" and state not in GONE
        if (asks_only and not cancels) or released:
            assert after == before, operation
        else:
            added = after["data"][len(before["data"]) :]
            assert added, operation
            assert {each["actor"] for each in added} == {"user:test"}
