"""The register: a chain of rows, each of which proves all that it says (D3)."""

import hashlib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.register import (
    FIRST_FINGERPRINT,
    Register,
    fingerprint,
    register_id,
)
from invx.contexts.invoicing.domain.register_events import (
    DocumentEntered,
    EntryKind,
    RegisteredDocument,
    RegisteredTax,
)
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

ENTITY = UUID("01931f00-0000-7000-8000-00000000000e")
TAX = RegisteredTax(
    regime="vat", category="S", rate=Decimal(19), base=Decimal("100.00"), tax=Decimal("19.00")
)
INVOICE = RegisteredDocument(
    kind=EntryKind.ISSUED,
    document_id=UUID("01931f00-0000-7000-8000-00000000000d"),
    type="invoice",
    number="2026-0001",
    series_id=UUID("01931f00-0000-7000-8000-00000000000f"),
    issue_date=date(2026, 11, 29),
    happened_at=datetime(2026, 11, 29, 12, 0, 0, 7, tzinfo=UTC),
    currency="EUR",
    net=Decimal("100.00"),
    tax=Decimal("19.00"),
    gross=Decimal("119.00"),
    due=Decimal("119.00"),
    taxes=(TAX,),
    document_hash="ab" * 32,
    drawn=2,
)


def entered(*documents: RegisteredDocument) -> Register:
    register = Register(register_id(ENTITY))
    for document in documents:
        register.enter(ENTITY, document)
    return register


def events_of(register: Register) -> list[DocumentEntered]:
    return [each for each in register.recorded if isinstance(each, DocumentEntered)]


def test_rows_are_numbered_from_one_and_chained() -> None:
    other = replace(INVOICE, number="2026-0002", document_id=UUID(int=2))
    first, second = events_of(entered(INVOICE, other))
    assert (first.position, first.previous) == (1, FIRST_FINGERPRINT)
    assert (second.position, second.previous) == (2, first.fingerprint)
    assert second.fingerprint == fingerprint(ENTITY, 2, other, first.fingerprint)
    assert (first.document, second.document) == (INVOICE, other)


def test_a_fingerprint_is_stated_byte_by_byte() -> None:
    text = (
        '["invx register 1","01931f00-0000-7000-8000-00000000000e",1,"issued",'
        '"01931f00-0000-7000-8000-00000000000d","invoice","2026-0001",'
        '"01931f00-0000-7000-8000-00000000000f","2026-11-29","2026-11-29T12:00:00.000007Z","EUR",'
        '"100.00","19.00","119.00","119.00",[["vat","S","19","100.00","19.00"]],'
        f'"{"ab" * 32}",null,null,null,"{"0" * 64}"]'
    )
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert fingerprint(ENTITY, 1, INVOICE, FIRST_FINGERPRINT) == expected


_OTHERS: dict[str, Any] = {
    "kind": EntryKind.VOIDED,
    "document_id": UUID(int=9),
    "type": "credit_note",
    "number": "2026-0001 ",
    "series_id": UUID(int=9),
    "issue_date": date(2026, 11, 30),
    "happened_at": INVOICE.happened_at + timedelta(microseconds=1),
    "currency": "EUr",
    "net": Decimal("100.01"),
    "tax": Decimal("19.0"),
    "gross": Decimal("-119.00"),
    "due": Decimal(119),
    "taxes": (TAX, TAX),
    "document_hash": "ac" * 32,
    "credits": UUID(int=1),
    "cancels": UUID(int=1),
    "replaces": UUID(int=1),
}


def test_every_field_but_the_place_in_the_series_is_covered() -> None:
    """`drawn` is where to go on from; the event in the chain proves it."""
    assert {each.name for each in fields(RegisteredDocument)} - set(_OTHERS) == {"drawn"}
    prints = {fingerprint(ENTITY, 1, INVOICE, FIRST_FINGERPRINT)}
    for name, value in _OTHERS.items():
        prints.add(fingerprint(ENTITY, 1, replace(INVOICE, **{name: value}), FIRST_FINGERPRINT))
    for name in ("regime", "category", "rate", "base", "tax"):
        tax = replace(TAX, **{name: Decimal(7) if name in {"rate", "base", "tax"} else "x"})
        prints.add(fingerprint(ENTITY, 1, replace(INVOICE, taxes=(tax,)), FIRST_FINGERPRINT))
    prints.add(fingerprint(ENTITY, 2, INVOICE, FIRST_FINGERPRINT))
    prints.add(fingerprint(UUID(int=1), 1, INVOICE, FIRST_FINGERPRINT))
    prints.add(fingerprint(ENTITY, 1, INVOICE, "1" + FIRST_FINGERPRINT[1:]))
    assert len(prints) == 1 + len(_OTHERS) + 5 + 3


def test_links_to_other_documents_cannot_change_places() -> None:
    other = UUID(int=1)
    prints = {
        fingerprint(ENTITY, 1, replace(INVOICE, **{name: other}), FIRST_FINGERPRINT)
        for name in ("credits", "cancels", "replaces")
    }
    assert len(prints) == 3


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**15)).filter(
        lambda value: abs(value) < 10**15
    )
)
def test_amounts_are_written_out_as_the_database_writes_them(amount: Decimal) -> None:
    """An exponent would be another text after the row was read again."""
    wide = amount.normalize() if amount else Decimal(0)
    plain = Decimal(f"{wide:f}")
    one = fingerprint(ENTITY, 1, replace(INVOICE, net=wide), FIRST_FINGERPRINT)
    assert one == fingerprint(ENTITY, 1, replace(INVOICE, net=plain), FIRST_FINGERPRINT)


@given(st.integers(1, 12), st.integers(0, 12))
def test_a_register_goes_on_from_its_snapshot_as_from_its_events(first: int, more: int) -> None:
    documents = [replace(INVOICE, number=str(n), drawn=n) for n in range(first + more)]
    whole = entered(*documents)
    begun = entered(*documents[:first])
    restored = Register.restore(begun.id, begun.version, begun.snapshot())
    replayed = Register.rehydrate(begun.id, begun.recorded)
    for register in (restored, replayed):
        for document in documents[first:]:
            register.enter(ENTITY, document)
        assert register.snapshot() == whole.snapshot()
        assert register.version == whole.version == first + more
        assert events_of(register) == events_of(whole)[first:]


def test_each_legal_entity_has_a_register_of_its_own() -> None:
    assert register_id(ENTITY) != register_id(UUID(int=1))
    assert register_id(ENTITY) == register_id(ENTITY)


def test_a_foreign_event_is_a_defect() -> None:
    class Other(Event):
        pass

    with pytest.raises(InvariantViolation):
        Register(register_id(ENTITY)).apply(Other())
