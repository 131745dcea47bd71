"""What is worked out once for documents that are alike is what each would have got by itself."""

import dataclasses
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.app.alike import Alike
from invx.contexts.invoicing.app.draft_document import totals_of
from invx.contexts.invoicing.domain.content import Content, Line, PaymentTerms
from invx.kernel.errors import Invalid
from invx.rules.totals import model
from invx.rules.totals.model import GivenTax, LineKind, Profile, Rounding, Tax
from tests.unit.invoicing.domain.drafts import D, content, line, off

# Few values, so that many documents of a run are alike, also those that only look so.
taxes = st.sampled_from(
    [
        (Tax(category="S", rate=D("19")),),
        (Tax(category="S", rate=D("19.0")),),
        (Tax(category="S", rate=D("7")),),
        (Tax(category="E", reason="a"),),
        (Tax(category="E", reason="b"),),
        (Tax(category="S", rate=D(19), jurisdiction="DE"),),
        (),
    ]
)
adjustments = st.sampled_from([(), (), (), (off("1.00"),), (off(percent="10"),)])
lines = st.builds(
    Line,
    id=st.sampled_from(["1", "2"]),
    kind=st.sampled_from([LineKind.ITEM, LineKind.ITEM, LineKind.ITEM, LineKind.TEXT]),
    description=st.sampled_from(["a", "b"]),
    quantity=st.sampled_from([D(1), D("1.0"), D(2)]),
    price=st.sampled_from([D("9.99"), D("9.990"), D("-1"), None]),
    price_discount=st.sampled_from([D(0), D("0.5")]),
    base_quantity=st.sampled_from([D(1), D(10)]),
    net=st.sampled_from([None, None, None, D("5.00")]),
    price_includes_tax=st.sampled_from([None, True, False]),
    taxes=taxes,
    discounts=adjustments,
    charges=adjustments,
)
contents = st.builds(
    content,
    lines,
    lines,
    currency=st.sampled_from(["EUR", "JPY", "CHF"]),
    profile=st.sampled_from(Profile),
    prices_include_tax=st.booleans(),
    discounts=adjustments,
    prepaid=st.sampled_from([D(0), D(0), D("0.00"), D(5)]),
    cash_unit=st.sampled_from([None, None, D("0.05")]),
    payable_rounding=st.sampled_from([None, None, D("0.01")]),
    given_taxes=st.sampled_from([(), (), (GivenTax(category="S", rate=D(19), amount=D("3.00")),)]),
)


def said(totals_of, document: Content, rounding: Rounding) -> str:
    """The totals or the refusal, to the letter."""
    try:
        return repr(totals_of(document, rounding))
    except Invalid as refused:
        return repr(refused.problems)


@given(st.lists(st.tuples(contents, st.sampled_from(Rounding)), min_size=2, max_size=12))
def test_every_document_of_a_run_gets_its_own_totals(run) -> None:
    alike = Alike()
    for document, rounding in run:
        assert said(alike.totals_of, document, rounding) == said(totals_of, document, rounding)


def test_those_that_are_alike_share_one_result() -> None:
    alike = Alike()
    first = alike.totals_of(content(line("1", "10")), Rounding.PER_GROUP)
    other = content(line("1", "10"), external_id="x", issue_date=date(2026, 3, 1))
    assert alike.totals_of(other, Rounding.PER_GROUP) is first


@pytest.mark.parametrize(
    "more",
    [{"notes": "x" * 100_000}, {"due_date": date(2026, 1, 1), "issue_date": date(2026, 1, 2)}],
)
def test_what_is_no_figure_is_checked_for_each(more) -> None:
    alike = Alike()
    alike.totals_of(content(line("1", "10")), Rounding.PER_GROUP)
    with pytest.raises(Invalid):
        alike.totals_of(content(line("1", "10"), **more), Rounding.PER_GROUP)


def test_a_refused_document_is_refused_again() -> None:
    alike = Alike()
    for _ in range(2):
        with pytest.raises(Invalid):
            alike.totals_of(content(line("1", None)), Rounding.PER_GROUP)


def test_the_letters_are_all_that_totals_are_made_of() -> None:
    """A new field of a bill has to be looked at in `alike` before this list is changed."""
    named = {kind: [each.name for each in dataclasses.fields(kind)] for kind in (
        model.Bill, model.Line, model.Tax
    )}  # fmt: skip
    assert named == {
        model.Bill: ["currency", "lines", "profile", "rounding", "adjustments", "prepaid",
                     "payable_rounding", "cash_unit", "given_taxes"],
        model.Line: ["id", "kind", "quantity", "price", "price_discount", "base_quantity",
                     "includes_tax", "net", "adjustments", "taxes", "children"],
        model.Tax: ["regime", "category", "rate", "jurisdiction", "reason", "reason_code"],
    }  # fmt: skip


def test_terms_that_contradict_are_found_in_the_second_too() -> None:
    alike = Alike()
    good = content(line("1", "10"))
    alike.totals_of(good, Rounding.PER_GROUP)
    with pytest.raises(Invalid) as refused:
        alike.totals_of(
            replace(good, due_date=date(2026, 5, 1), payment_terms=PaymentTerms(days=3)),
            Rounding.PER_GROUP,
        )
    assert refused.value.problems[0].code == "due_date_twice"
