"""Names on the wire, versions, and what happens to what nobody knows."""

import json
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import ClassVar

import pytest

from invx.contracts import invoicing
from invx.contracts.registry import REGISTRY, Registry, UnknownContract, published_by
from invx.contracts.shapes import MalformedBody
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Contract


@dataclass(frozen=True, slots=True)
class PaidV2(Contract):
    wire: ClassVar[str] = "till.sale.paid.v2"

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PaidV3(Contract):
    wire: ClassVar[str] = "till.sale.paid.v3"

    amount: Decimal
    currency: str
    cash: bool


UPCASTERS = {
    "till.sale.paid.v1": ("till.sale.paid.v2", lambda body: {**body, "currency": "EUR"}),
    "till.sale.paid.v2": ("till.sale.paid.v3", lambda body: {**body, "cash": True}),
}


def test_a_contract_survives_its_text() -> None:
    registry = Registry([PaidV2])
    paid = PaidV2(Decimal("10.50"), "EUR")
    body = registry.body(paid)
    assert list(body.items()) == [("amount", "10.50"), ("currency", "EUR")]
    assert registry.decode(PaidV2.wire, json.dumps(body)) == paid


def test_an_old_body_is_read_as_the_newest_version() -> None:
    registry = Registry([PaidV2, PaidV3], UPCASTERS)
    newest = PaidV3(Decimal(7), "EUR", cash=True)
    assert registry.decode("till.sale.paid.v1", '{"amount": "7"}') == newest
    assert registry.decode(PaidV2.wire, '{"amount": "7", "currency": "EUR"}') == newest


def test_a_body_of_today_is_not_touched_by_upcasters() -> None:
    registry = Registry([PaidV2, PaidV3], UPCASTERS)
    text = '{"amount": "7", "currency": "CHF", "cash": false}'
    assert registry.decode(PaidV3.wire, text) == PaidV3(Decimal(7), "CHF", cash=False)


def test_whoever_reacts_to_a_version_subscribes_to_the_older_ones_too() -> None:
    registry = Registry([PaidV2, PaidV3], UPCASTERS)
    assert set(registry.wires(PaidV3)) == {
        "till.sale.paid.v1",
        "till.sale.paid.v2",
        "till.sale.paid.v3",
    }
    assert registry.wires(PaidV2) == (PaidV2.wire,)


def test_an_unknown_name_is_refused_by_name() -> None:
    registry = Registry([PaidV2])
    with pytest.raises(UnknownContract, match=r"till\.sale\.lost\.v1"):
        registry.decode("till.sale.lost.v1", "{}")
    assert "till.sale.lost.v1" not in registry
    assert PaidV2.wire in registry


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "7"])
def test_a_body_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(MalformedBody):
        Registry([PaidV2]).decode(PaidV2.wire, text)


def test_a_contract_that_is_not_registered_is_not_written() -> None:
    with pytest.raises(InvariantViolation, match="not registered"):
        Registry([PaidV2]).body(PaidV3(Decimal(1), "EUR", cash=True))


def test_two_contracts_cannot_have_one_name() -> None:
    with pytest.raises(InvariantViolation, match="two contracts"):
        Registry([PaidV2, PaidV2])


def test_an_upcaster_has_to_lead_somewhere() -> None:
    with pytest.raises(InvariantViolation, match="unknown"):
        Registry([PaidV2], {"till.sale.paid.v1": ("till.sale.paid.v9", dict)})


def test_every_contract_of_a_module_is_registered_and_named_after_it() -> None:
    for contract in published_by(invoicing):
        assert contract.wire in REGISTRY.names()
        context, noun, verb, version = contract.wire.split(".")
        assert context == "invoicing"
        assert contract.__name__ == f"{noun.title()}{verb.title()}{version.upper()}"


def test_what_a_module_only_imports_is_not_its_own() -> None:
    module = ModuleType("elsewhere")
    module.Contract = Contract
    module.PaidV2 = PaidV2
    assert published_by(module) == []
