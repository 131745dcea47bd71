"""The JSON of every contract version, as it was promised: a file each, never edited."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from invx.contracts.identity import AccessReducedV1, TenantConfiguredLikeV1, TenantStatedV1
from invx.contracts.invoicing import (
    DeliveryChangedV1,
    DocumentFinalizedV1,
    DocumentVoidedV1,
    PaymentOverdueV1,
    SettlementChangedV1,
)
from invx.contracts.registry import REGISTRY
from invx.kernel.messages import Contract

GOLDEN = Path(__file__).with_name("golden")
_DOCUMENT = UUID("019a0000-0000-7000-8000-000000000001")
_ENTITY = UUID("019a0000-0000-7000-8000-000000000002")

EXAMPLES: list[Contract] = [
    TenantStatedV1(
        stated_tenant_id=_DOCUMENT,
        version=3,
        name="Kontor Nord GmbH",
        mode="test",
        status="active",
        clock_offset_seconds=86_400,
    ),
    TenantConfiguredLikeV1(configured_tenant_id=_DOCUMENT, like=_ENTITY),
    AccessReducedV1(not_before=datetime(2026, 11, 30, 9, 15, 1, 250_000, UTC)),
    DocumentFinalizedV1(
        document_id=_DOCUMENT,
        legal_entity_id=_ENTITY,
        type="credit_note",
        number="GS-2026-0001",
        issue_date=date(2026, 2, 28),
        currency="EUR",
        net=Decimal("138.66"),
        tax=Decimal("26.35"),
        gross=Decimal("165.01"),
        due=Decimal("0.00"),
        due_date=None,
        customer="C-1",
        credits=UUID("019a0000-0000-7000-8000-000000000003"),
        test=False,
    ),
    DocumentVoidedV1(document_id=_DOCUMENT, legal_entity_id=_ENTITY),
    SettlementChangedV1(
        document_id=_DOCUMENT,
        legal_entity_id=_ENTITY,
        customer=None,
        currency="KWD",
        entry="payment",
        amount=Decimal("10.500"),
        on=date(2026, 3, 1),
        open=Decimal("0.000"),
        surplus=Decimal("0.250"),
        status="overpaid",
    ),
    PaymentOverdueV1(
        document_id=_DOCUMENT,
        legal_entity_id=_ENTITY,
        customer="C-1",
        currency="EUR",
        due_date=date(2026, 3, 1),
        amount=Decimal("55.00"),
        open=Decimal("165.01"),
    ),
    DeliveryChangedV1(
        document_id=_DOCUMENT,
        legal_entity_id=_ENTITY,
        delivery="delivered",
        clearance="cleared",
        authority_id="SDI-1234567",
    ),
]


def golden(wire: str) -> str:
    """The promised text. A missing file is written by hand, from what the failure shows."""
    return (GOLDEN / f"{wire}.json").read_text().rstrip("\n")


@pytest.mark.parametrize("contract", EXAMPLES, ids=lambda contract: contract.wire)
def test_a_contract_is_written_as_it_was_promised(contract: Contract) -> None:
    assert msgspec.json.encode(REGISTRY.body(contract)).decode() == golden(contract.wire)


@pytest.mark.parametrize("contract", EXAMPLES, ids=lambda contract: contract.wire)
def test_the_promised_text_is_read_as_the_same_contract(contract: Contract) -> None:
    assert REGISTRY.decode(contract.wire, golden(contract.wire)) == contract


def test_every_version_that_is_published_has_its_golden_file() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} >= set(REGISTRY.names())
    assert {contract.wire for contract in EXAMPLES} == set(REGISTRY.names())


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_version_ever_promised_can_still_be_read(path: Path) -> None:
    contract = REGISTRY.decode(path.stem, path.read_text())
    assert contract.wire.rpartition(".")[0] == path.stem.rpartition(".")[0]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_no_amount_is_a_json_number(path: Path) -> None:
    numbers = [v for v in json.loads(path.read_text()).values() if isinstance(v, float)]
    assert numbers == []
