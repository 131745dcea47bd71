"""Groups in parts: whatever lines, discounts and credits do, they are the group to the cent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import LineSupply
from invx.contexts.invoicing.domain.tax.tax_treatment import Treatments, shares
from invx.kernel.errors import DomainError
from invx.rules.tax.model import SupplyKind
from invx.rules.totals.model import Profile, Tax
from tests.unit.invoicing.domain.drafts import TODAY, D, content, line, off, totalled
from tests.unit.invoicing.domain.taxed import ACCRUAL, Case, entity

cents = st.integers(-50_000, 50_000).map(lambda value: Decimal(value).scaleb(-2))
KINDS = (SupplyKind.GOODS, SupplyKind.DIGITAL, SupplyKind.REAL_ESTATE)
SUPPLIES = [None, *(LineSupply(kind=kind) for kind in KINDS)]
TAXES = [
    Tax(category="AE", reason="owed", jurisdiction="FR"),
    Tax(category="K", reason="within"),
    Tax(category="S", rate=D("5.5")),
]
lines = st.lists(
    st.tuples(cents, st.sampled_from(TAXES), st.sampled_from(SUPPLIES)), min_size=1, max_size=6
)


@given(weights=st.lists(cents, min_size=1, max_size=5), base=cents, tax=cents)
def test_shares_sum_to_what_is_shared(weights, base, tax):
    bases, taxes = shares(weights, (base, tax), "EUR")
    assert (sum(bases), sum(taxes)) == (base, tax)
    assert all(each.as_tuple().exponent == -2 for each in (*bases, *taxes) if each)


def test_without_any_weight_the_first_has_all():
    bases, taxes = shares([D(0), D(0)], (D("1.00"), D("0.19")), "EUR")
    assert ([*map(str, bases)], [*map(str, taxes)]) == (["1.00", "0.00"], ["0.19", "0.00"])


def said(given_lines, discount):
    items = [
        line(str(index), str(price), "1", tax, supply=supply)
        for index, (price, tax, supply) in enumerate(given_lines)
    ]
    discounts = (off(discount, taxes=(given_lines[0][1],)),) if discount else ()
    return content(*items, discounts=discounts, profile=Profile.PLAIN)


@given(given_lines=lines, discount=st.none() | st.just("3.33"))
def test_the_parts_of_a_group_are_the_group(given_lines, discount):
    document = said(given_lines, discount)
    totals = totalled(document)
    treatments = Treatments(document, totals, entity(ACCRUAL), TODAY)
    for group in totals.taxes:
        parts = treatments.parts_of(group)
        assert sum((part.base for part in parts), D(0)) == group.base
        assert sum((part.tax for part in parts), D(0)) == group.amount
        told = [(part.treatment.scheme, part.treatment.supply) for part in parts]
        assert len(set(told)) == len(told), "one part a ground"


@given(given_lines=lines, gross=st.integers(1, 9_000).map(lambda value: f"{D(value) / 100:.2f}"))
def test_credits_of_an_amount_never_take_more_of_a_kind_than_there_was_in_the_end(
    given_lines, gross
):
    positive = [(abs(price) + 1, tax, supply) for price, tax, supply in given_lines]
    subject = Case.of(said(positive, None), entity(ACCRUAL))
    for amount in (gross, None):
        try:
            subject.credit(amount)
        except DomainError:
            continue
    sums = {}
    for each in subject.ledger:
        key = (each.category, each.rate, each.scheme, each.supply)
        base, tax = sums.get(key, (D(0), D(0)))
        sums[key] = (base + each.base, tax + each.tax)
    if len(subject.notes) and not subject.settlement.open:
        groups = {}
        for (category, rate, *_), (base, tax) in sums.items():
            before = groups.get((category, rate), (D(0), D(0)))
            groups[category, rate] = (before[0] + base, before[1] + tax)
            assert abs(base) <= D("0.01") * len(positive), "cents of a shared amount"
        assert set(groups.values()) == {(D(0), D(0))}
