"""Returns hold all of the ledger, whatever happens to documents: each cent in one box, or named."""

from collections import defaultdict
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import LineSupply
from invx.contexts.invoicing.domain.party import Address, Registration
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.domain.tax.tax_treatment import Supplied
from invx.contexts.invoicing.read.tax_periods import days_in, months_in, quarter_of
from invx.contexts.invoicing.read.tax_returns import Registered, filled_form, form_of
from invx.rules.tax.boxes import MAIN
from invx.rules.tax.model import Special, SupplyKind
from invx.rules.totals.model import Profile, Regime, Tax
from tests.unit.invoicing.domain.drafts import BUYER, ENTITY, S7, S19, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity
from tests.unit.invoicing.domain.test_tax_properties import NAMES, cents, run
from tests.unit.rules.tax.shipped import packs_with

PACKS = packs_with()
FRENCH = replace(BUYER, address=Address(country="FR"), vat_id="FR83404833048")
AUSTRIAN = Registration(country="AT", vat_id="ATU12345675")
SHOP = replace(ACCRUAL, special=Special.OSS)
TAXES = [
    S19,
    S7,
    Tax(category="S", rate=D("5.5")),
    Tax(category="S", rate=D(20), jurisdiction="AT"),
    Tax(category="S", rate=D(20), jurisdiction="FR"),
    Tax(category="S", rate=D(25), jurisdiction="SE"),
    Tax(category="Z"),
    Tax(category="E", reason="exempt"),
    Tax(category="O", reason="outside"),
    Tax(category="AE", reason="owed"),
    Tax(category="K", reason="within"),
    Tax(category="G", reason="export"),
    Tax(regime=Regime.LEVY, category="CO2", rate=D(2)),
]
SUPPLIES = [None, *(LineSupply(kind=kind) for kind in (SupplyKind.GOODS, SupplyKind.DIGITAL))]
SUPPLIES += [LineSupply(kind=SupplyKind.GOODS, triangular=True)]
lines = st.lists(
    st.tuples(cents, st.sampled_from(TAXES), st.sampled_from(SUPPLIES)), min_size=1, max_size=5
)
sellers = st.lists(st.sampled_from([AUSTRIAN, SHOP]), unique=True).flatmap(
    lambda more: st.sampled_from([ACCRUAL, CASH]).map(lambda one: entity(one, *more))
)
steps = st.lists(
    st.tuples(
        st.sampled_from([*NAMES, "record_payment", "reverse", "credit", "credit_line"]),
        st.integers(0, 2),
        st.none() | cents,
    ),
    max_size=10,
)


def case(said, seller, supply):
    items = [
        line(str(index), str(price), "1", tax, supply=kind)
        for index, (price, tax, kind) in enumerate(said)
    ]
    more = {"buyer": FRENCH, "supply_date": supply, "profile": Profile.PLAIN}
    return Case.of(content(*items, **more), seller)


def rows_of(entries):
    """Sums as the database groups them."""
    names = ("regime", "scheme", "supply", "category", "rate", "jurisdiction", "cause")
    sums = defaultdict(lambda: [D(0), D(0), 0])
    for each in entries:
        key = (*(getattr(each, name) for name in names), each.provisional, each.currency)
        sums[key][0] += each.base
        sums[key][1] += each.tax
        sums[key][2] += 1
    for key, (base, tax, count) in sums.items():
        row = dict(zip((*names, "provisional", "currency"), key, strict=True))
        yield {**row, "treatment": str(key[:6]), "base": base, "tax": tax, "count": count}


def returned(entries, registrations):
    """Each registration's return of each of its months, by (registration, month)."""
    found = {}
    for registration in registrations:
        id = registration_id(ENTITY, registration)
        own = [each for each in entries if each.registration == id]
        registered = Registered(
            id=id,
            legal_entity_id=ENTITY,
            country=registration.country,
            currency="EUR",
            shown=None,
        )
        form = form_of(PACKS, registration.country)
        for month in {each.period for each in own}:
            rows = rows_of(each for each in own if each.period == month)
            found[id, month] = filled_form(form, rows, registered, PACKS)
    return found


@given(
    said=lines,
    seller=sellers,
    sequence=steps,
    supply=st.dates(date(2026, 1, 1), date(2026, 6, 30)),
)
@settings(max_examples=150)
def test_returns_of_all_periods_and_registrations_sum_to_the_ledger(said, seller, sequence, supply):
    subject = run(case(said, seller, supply), sequence)
    ledger = subject.ledger
    filled = returned(ledger, seller.seller.registrations)
    without = [each for each in ledger if each.registration is None]
    sums = {"base": D(0), "tax": D(0), "count": 0}
    for each in filled.values():
        for (group, _), (_, box) in each.boxes.items():
            if group == MAIN:
                sums["base"] += box.base
                sums["tax"] += box.tax
                sums["count"] += box.count
        for _, _, row in each.unassigned:
            sums = {name: sums[name] + row[name] for name in sums}
    assert sums["count"] + len(without) == len(ledger)
    for name in ("base", "tax"):
        rest = sum((getattr(each, name) for each in without), D(0))
        assert sums[name] + rest == sum((getattr(each, name) for each in ledger), D(0))


@given(said=lines, seller=sellers, sequence=steps)
@settings(max_examples=60)
def test_no_entry_is_in_two_boxes_of_a_group(said, seller, sequence):
    ledger = run(case(said, seller, date(2026, 3, 1)), sequence).ledger
    for each in returned(ledger, seller.seller.registrations).values():
        by_group = defaultdict(list)
        for (group, _), (_, box) in each.boxes.items():
            by_group[group].append(box)
        for boxes in by_group.values():
            assert sum(box.count for box in boxes) <= each.total.count
        main = set().union(*(box.treatments for box in by_group[MAIN]))
        assert sum(len(box.treatments) for box in by_group[MAIN]) == len(main), "one box each"


@given(
    said=lines, seller=sellers, sequence=steps, supply=st.dates(date(2026, 1, 1), date(2026, 6, 30))
)
@settings(max_examples=60)
def test_a_settled_and_credited_document_leaves_no_kind_of_supply_out_of_balance(
    said, seller, sequence, supply
):
    """What is credited in the end is credited in every treatment, not only in the sum."""
    subject = case(said, seller, supply)
    subject.post("record_payment") if subject.settlement.open else None
    subject.credit()
    if subject.settlements[-1].surplus:
        subject.post("refund", which=1)
    sums = defaultdict(lambda: [D(0), D(0)])
    for each in subject.ledger:
        key = (each.registration, each.scheme, each.supply, each.category, each.rate)
        sums[key][0] += each.base
        sums[key][1] += each.tax
    assert {tuple(found) for found in sums.values()} <= {(D(0), D(0))}
    assert {each.supply for each in subject.ledger} <= {None, *Supplied}


def test_periods_are_months_of_the_calendar():
    assert months_in("2026") == ("2026-01", "2026-12")
    assert months_in("2026-Q1") == ("2026-01", "2026-03")
    assert months_in("2026-Q4") == ("2026-10", "2026-12")
    assert months_in("2026-11") == ("2026-11", "2026-11")
    assert days_in("2026-Q4") == (date(2026, 10, 1), date(2027, 1, 1))
    assert [quarter_of(f"2026-{month:02}") for month in (1, 3, 4, 12)] == [
        "2026-Q1",
        "2026-Q1",
        "2026-Q2",
        "2026-Q4",
    ]


def test_northern_ireland_files_the_british_return():
    assert form_of(PACKS, "XI") is form_of(PACKS, "GB") is not None
    assert form_of(PACKS, "US") is None
