"""Each entry of the ledger stands behind the address of exactly one figure, whatever was drawn."""

from collections import Counter
from datetime import date
from typing import Any, cast

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.party import Registration
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.read.ec_sales_list import ec_sales_list, ec_sales_list_view
from invx.contexts.invoicing.read.oss_returns import oss_return
from invx.contexts.invoicing.read.tax_periods import quarter_of
from invx.contexts.invoicing.read.tax_returns import tax_return
from invx.contexts.invoicing.read.tax_views import tax_figure_view
from invx.infra.postgres import Connection
from invx.rules.tax.boxes import MAIN
from invx.rules.totals.model import Tax
from tests.unit.invoicing.domain.drafts import ENTITY, D
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, entity
from tests.unit.invoicing.domain.test_tax_properties import cents, run
from tests.unit.invoicing.read.reaching import (
    Row,
    done,
    grouped,
    origin,
    reached,
    reporting,
    rows_in,
)
from tests.unit.invoicing.read.test_sales_list_sums import CTX
from tests.unit.invoicing.read.test_tax_return_sums import (
    PACKS,
    SHOP,
    SUPPLIES,
    TAXES,
    case,
    lines,
    sellers,
    steps,
)

ONE_OF_RETURN = ("regime", "scheme", "supply", "category", "rate", "jurisdiction", "treatment")


def lines_of(*taxes: Tax) -> Any:
    """Lines with these taxes alone, whatever is supplied."""
    one = st.tuples(cents, st.sampled_from(taxes), st.sampled_from(SUPPLIES))
    return st.lists(one, min_size=1, max_size=4)


SHOPPED = lines_of(*(each for each in TAXES if each.jurisdiction))
LISTED = lines_of(*(each for each in TAXES if each.category in ("K", "AE")))
shops = st.sampled_from([entity(ACCRUAL, SHOP), entity(CASH, SHOP)])
# What happens, happens on 2 March 2026: before the supply, in its quarter, and after it.
supplies = st.sampled_from([date(2025, 11, 20), date(2026, 1, 15), date(2026, 6, 30)])
# What becomes of an entry beside its place in a return: it waits for a rate, or is reported abroad.
fates = st.lists(st.sampled_from(["plain", "plain", "provisional", "abroad", "old"]), min_size=1)


class Ledger:
    """Stands for a connection: the legal entities, then sums of one registration and period."""

    def __init__(self, rows: list[Row], registrations: tuple[Registration, ...]) -> None:
        shown = [
            {"country": each.country, "vat_id": each.vat_id, "basis": str(each.basis)}
            | {"special": str(each.special)}
            for each in registrations
        ]
        text = msgspec.json.encode({"currency": "EUR", "registrations": shown}).decode()
        self.answers = [[{"legal_entity_id": ENTITY, "resource": text, "country": None}], rows]

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        del statement, values
        return self.answers.pop(0)


@st.composite
def ledgers(draw: Any, said: Any = lines, by: Any = sellers) -> tuple[list[Row], Any]:
    """The ledger of a drawn document after drawn steps, some of it provisional or abroad."""
    seller, fate = draw(by), draw(fates)
    rows = rows_in(run(case(draw(said), seller, draw(supplies)), draw(steps)))
    for index, row in enumerate(rows):
        if fate[index % len(fate)] == "provisional":
            row["provisional"] = True
        elif fate[index % len(fate)] == "old":
            row["origin_period"] = None
        elif fate[index % len(fate)] == "abroad":
            row |= {"tax_currency": "SEK", "accounted_base": row["base"] * 11}
            row["accounted_tax"] = row["tax"] * 11
    return rows, seller


def connection(rows: list[Row], seller: Any) -> Connection:
    return cast("Connection", Ledger(rows, seller.seller.registrations))


def held(figure: Row, rows: list[Row]) -> list[Row]:
    """What stands behind a figure: as many entries as it counts, and they sum to it."""
    if figure["entries"] is None:
        assert figure["count"] == 0
        return []
    found = reached(figure["entries"], rows, buyers={row["document_id"]: "one" for row in rows})
    assert len(found) == figure["count"], figure
    for name in ("base", "tax"):
        if name in figure:
            total = sum((stated(row, name) for row in found), D(0))
            assert total == D(figure[name]), (name, figure)
    return found


def stated(row: Row, name: str) -> Any:
    return row[name] if row["tax_currency"] is None else row[f"accounted_{name}"]


def once_each(figures: list[Row], rows: list[Row], wanted: list[Row]) -> None:
    """Every wanted row stands behind one of the figures, and nothing else does."""
    behind = Counter(row["tax_entry_id"] for figure in figures for row in held(figure, rows))
    assert behind == Counter(row["tax_entry_id"] for row in wanted)


def own_of(rows: list[Row], seller: Any) -> list[tuple[Any, str, list[Row]]]:
    """The entries of each registration and month."""
    found = []
    for registration in seller.seller.registrations:
        id = registration_id(ENTITY, registration)
        for month in sorted({row["period"] for row in rows if row["registration_id"] == id}):
            own = [row for row in rows if (row["registration_id"], row["period"]) == (id, month)]
            found.append((registration, month, own))
    return found


@given(ledger=ledgers())
@settings(max_examples=60)
def test_each_entry_is_behind_one_figure_of_one_return(ledger):
    rows, seller = ledger
    for registration, month, own in own_of(rows, seller):
        by = (*ONE_OF_RETURN, "cause", "provisional")
        sums = grouped(own, by, currency=reporting)
        id = registration_id(ENTITY, registration)
        shown = done(tax_return(connection(sums, seller), CTX, id, month, PACKS))
        main = [box for box in shown["boxes"] if box["group"] == MAIN]
        once_each([*main, *shown["unassigned"]], rows, own)
        for box in shown["boxes"]:  # also those that state a part of it again
            held(box, rows)
        all_of_it = {"entries": shown["entries"], "count": len(own)}
        assert held(all_of_it, rows) == own


@given(ledger=ledgers(SHOPPED, shops))
@settings(max_examples=60)
def test_each_entry_is_behind_one_figure_of_a_one_stop_shop(ledger):
    rows, seller = ledger
    for registration, month, _ in own_of(rows, seller):
        id, quarter = registration_id(ENTITY, registration), quarter_of(month)
        own = [
            row
            for row in rows
            if row["registration_id"] == id and quarter_of(row["period"]) == quarter
        ]
        by = ("supply", "rate", "provisional", "treatment", "scheme")
        country = {"country": lambda row: row["jurisdiction"][:2]}
        sums = grouped(own, by, currency=reporting, origin_period=origin, **country)
        shown = done(oss_return(connection(sums, seller), CTX, id, quarter))
        figures = [*shown["supplies"], *shown["corrections"], *shown["unassigned"]]
        once_each(figures, rows, own)


@given(ledger=ledgers(LISTED), erased=st.booleans())
@settings(max_examples=60)
def test_each_supply_abroad_is_behind_one_row_of_a_sales_list(ledger, erased):
    rows, seller = ledger
    for registration, month, own in own_of(rows, seller):
        abroad = [row for row in own if is_listed(row, registration.country)]
        sums = grouped(
            abroad,
            ("partner", "supply", "provisional"),
            currency=reporting,
            origin_period=origin,
            vat_id=lambda _: None if erased else "FR83404833048",
            alone=lambda row: row["document_id"] if erased else None,
        )
        for each in sums:  # of erased documents each stands alone: any of them is the sample
            each["sample"] = str(each["alone"] or abroad[0]["document_id"])
        id = registration_id(ENTITY, registration)
        work = ec_sales_list(connection(sums, seller), CTX, id, month, PACKS)
        shown = ec_sales_list_view(done(work))
        once_each([*shown["rows"], *shown["unassigned"]], rows, abroad)
        for row in shown["rows"]:
            for correction in row["corrections"]:
                found = reached(
                    correction["entries"], rows, buyers={each["document_id"]: 1 for each in rows}
                )
                assert sum(stated(each, "base") for each in found) == D(correction["base"])


def is_listed(row: Row, country: str) -> bool:
    """As the statement of the list says it."""
    abroad = row["jurisdiction"] is not None and row["jurisdiction"][:2] != country
    services = row["supply"] in ("services", "triangular") and abroad
    return row["regime"] == "vat" and (
        row["scheme"] == "intra_community" or (row["scheme"] == "reverse_charge" and services)
    )


@given(ledger=ledgers())
@settings(max_examples=60)
def test_each_entry_is_behind_one_figure_of_the_summary(ledger):
    """Also those without a registration, which no return holds."""
    rows, _ = ledger
    by = ("registration_id", "country", "period", "regime", "jurisdiction", "category", "rate")
    own = ("currency", "tax_currency", "provisional")
    sums = grouped(
        [{**row, "accounted_base": None, "accounted_tax": None} for row in rows], by + own
    )
    for each in sums:
        each |= {"accounted_base": each["base"] * 11, "accounted_tax": each["tax"] * 11}
    figures = [tax_figure_view(ENTITY, each) for each in sums]
    behind: Counter[Any] = Counter()
    for figure in figures:
        found = reached(figure["entries"], rows, buyers={})
        assert len(found) == figure["count"], figure
        assert sum(row["tax"] for row in found) == D(figure["tax"])
        behind.update(row["tax_entry_id"] for row in found)
    assert behind == Counter(row["tax_entry_id"] for row in rows)
