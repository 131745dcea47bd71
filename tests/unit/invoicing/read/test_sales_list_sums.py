"""EC sales lists and one-stop shops from rows as the database sums them."""

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from invx.contexts.invoicing.domain.errors import RegistrationNotFound
from invx.contexts.invoicing.domain.party import Registration
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.read.ec_sales_list import (
    EcSalesList,
    code_of,
    ec_sales_list,
    ec_sales_list_view,
)
from invx.contexts.invoicing.read.oss_returns import oss_return
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from tests.unit.invoicing.domain.drafts import ENTITY, D, named
from tests.unit.rules.tax.shipped import packs_with

GERMAN = registration_id(ENTITY, Registration(country="DE", vat_id="DE342118907"))
RESOURCE = {
    "currency": "EUR",
    "registrations": [{"country": "DE", "vat_id": "DE342118907", "basis": "accrual"}],
}


class Said:
    """Stands for a connection: the legal entities, then the rows of the question."""

    def __init__(self, *rows: dict[str, Any], country: str | None = None) -> None:
        entity = {
            "legal_entity_id": ENTITY,
            "resource": msgspec.json.encode(RESOURCE).decode(),
            "country": country,
        }
        self.answers = [[entity], list(rows)]
        self.asked: list[tuple[Any, ...]] = []

    async def fetch(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        self.asked.append(values)
        return self.answers.pop(0)


class Within:
    """Stands for the context of a request."""

    tenant_id = named("tenant")


CTX = cast("RequestContext", Within())


def listed(base: str, **more: Any) -> dict[str, Any]:
    row = {
        "vat_id": "ATU66778899",
        "alone": None,
        "partner": "AT",
        "supply": "goods",
        "origin_period": "2026-02",
        "provisional": False,
        "currency": "EUR",
        "treatments": ["vat/intra_community/goods/K/0/DE"],
        "sample": str(UUID(int=1)),
        "base": Decimal(base),
        "count": 1,
    }
    return row | more


async def sales(*rows: dict[str, Any], period: str = "2026-02") -> EcSalesList:
    conn = cast("Connection", Said(*rows))
    return await ec_sales_list(conn, CTX, GERMAN, period, packs_with())


async def test_rows_of_a_number_and_code_add_up_and_tell_where_they_come_from():
    found = await sales(
        listed("100.30"),
        listed("-40.10", origin_period="2026-01"),
        listed("-0.20", origin_period="2025-12"),
        listed("7.00", supply="services"),
    )
    goods, services = found.rows
    assert (goods.base, goods.stated, goods.count) == (D("60.00"), 60, 3)
    assert goods.sums == {"": D("100.30"), "2026-01": D("-40.10"), "2025-12": D("-0.20")}
    assert (services.code, services.stated) == ("S", 7)
    shown = ec_sales_list_view(found)
    assert (shown["total"], shown["total_stated"]) == ("67.00", "67")
    corrections = [each["origin_period"] for each in shown["rows"][0]["corrections"]]
    assert corrections == ["2025-12", "2026-01"]


async def test_within_a_quarter_an_earlier_month_is_no_correction():
    found = await sales(listed("5.00", origin_period="2026-01"), listed("1.00"), period="2026-Q1")
    [row] = found.rows
    assert row.sums == {"": D("6.00")}


async def test_what_is_paid_before_its_supply_counts_when_it_is_paid():
    """Article 65: an advance is no correction of a period that is still to come."""
    [row] = (await sales(listed("5.00", origin_period="2026-04"), listed("1.00"))).rows
    assert row.sums == {"": D("6.00")}
    found = await quarter(shopped("5.00", "1.00", origin_period="2026-07"))
    assert found["corrections"] == []
    [supply] = found["supplies"]
    assert (supply["base"], "origin_period%5Bgte%5D=2026-Q2" in supply["entries"]) == ("5.00", True)


@pytest.mark.parametrize(
    "base,stated", [("20.50", 21), ("-20.50", -21), ("0.49", 0), ("-0.49", 0), ("99.99", 100)]
)
async def test_the_list_is_in_whole_euros_halves_away_from_zero(base: str, stated: int):
    [row] = (await sales(listed(base))).rows
    assert row.stated == stated


async def test_what_has_no_number_is_listed_by_document_and_never_added_together():
    one, other = UUID(int=7), UUID(int=8)
    rows = [listed("1.00", vat_id=None, alone=each, sample=str(each)) for each in (one, other)]
    found = await sales(*rows)
    assert [(row.alone, row.base) for row in found.rows] == [(one, D("1.00")), (other, D("1.00"))]
    shown = ec_sales_list_view(found)["rows"]
    assert [row["vat_id"] for row in shown] == [None, None]
    assert all(row["invoice"] in row["entries"] for row in shown)


async def test_what_cannot_be_stated_in_the_currency_of_the_list_waits_beside_it():
    found = await sales(
        listed("1.00"),
        listed("2.00", provisional=True, currency="USD"),
        listed("3", currency="SEK"),
    )
    assert [row.base for row in found.rows] == [D("1.00")]
    shown = ec_sales_list_view(found)["unassigned"]
    assert [(row["reason"], row["base"]) for row in shown] == [
        ("provisional", "2.00"),
        ("currency", "3"),
    ]


async def test_only_other_member_states_and_northern_ireland_are_asked_for():
    said = Said()
    await ec_sales_list(cast("Connection", said), CTX, GERMAN, "2026-02", packs_with())
    states = said.asked[1][-1]
    assert len(states) == 27, "26 member states and XI"
    assert {"XI", "FR", "GR"} <= set(states)
    assert not {"DE", "GB", "CH", "EU"} & set(states)


@pytest.mark.parametrize(
    "supply,code",
    [("goods", "L"), (None, "L"), ("services", "S"), ("triangular", "D"), ("located", "L")],
)
def test_the_letter_of_a_supply(supply: str | None, code: str):
    assert code_of(supply) == code


def shopped(base: str, tax: str, **more: Any) -> dict[str, Any]:
    row = {
        "country": "FR",
        "supply": "goods",
        "rate": D(20),
        "origin_period": "2026-05",
        "provisional": False,
        "currency": "EUR",
        "treatment": "vat/oss/goods/S/20/FR",
        "scheme": "oss",
        "base": Decimal(base),
        "tax": Decimal(tax),
        "count": 1,
    }
    return row | more


async def quarter(*rows: dict[str, Any]) -> dict[str, Any]:
    return await oss_return(cast("Connection", Said(*rows)), CTX, GERMAN, "2026-Q2")


async def test_a_shop_sums_by_state_kind_and_rate_and_keeps_quarters_apart():
    found = await quarter(
        shopped("100.00", "20.00"),
        shopped("50.00", "10.00", origin_period="2026-04"),
        shopped("9.00", "1.80", supply="services"),
        shopped("10.00", "2.40", country="GR", rate=D(24)),
        shopped("-5.00", "-1.00", origin_period="2026-03"),
        shopped("-6.00", "-1.20", origin_period="2025-10", supply="services"),
        shopped("-7.00", "-1.40", origin_period="2025-12"),
    )
    supplies = [(r["country"], r["supply"], r["rate"], r["base"]) for r in found["supplies"]]
    assert supplies == [
        ("FR", "goods", "20", "150.00"),
        ("FR", "services", "20", "9.00"),
        ("EL", "goods", "24", "10.00"),
    ]
    corrections = [(r["country"], r["quarter"], r["tax"]) for r in found["corrections"]]
    assert corrections == [("FR", "2025-Q4", "-2.60"), ("FR", "2026-Q1", "-1.00")]
    assert found["totals"] == {"base": "151.00", "tax": "30.60", "count": 7}
    assert (found["return_period"], found["currency"]) == ("quarter", "EUR")


async def test_what_a_shop_cannot_state_is_named_and_in_the_total():
    found = await quarter(
        shopped("1.00", "0.20", currency="SEK"),
        shopped("2.00", "0.40", currency="SEK", provisional=True),
        shopped("3.00", "0.60", scheme="domestic"),
    )
    assert found["supplies"] == found["corrections"] == []
    reasons = [each["reason"] for each in found["unassigned"]]
    assert reasons == ["currency", "provisional", "no_scheme"]
    assert found["totals"]["base"] == "6.00"


async def test_a_registration_is_found_by_its_entries_when_its_entity_has_it_no_more():
    gone = named("gone")
    found = await oss_return(cast("Connection", Said(country="AT")), CTX, gone, "2026-Q2")
    assert found["country"] == "AT"
    with pytest.raises(RegistrationNotFound):
        await oss_return(cast("Connection", Said()), CTX, gone, "2026-Q2")
