"""To which documents a rule applies, and which rules can be stated."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.approval import rules as stated
from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalRulesInvalid
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
from invx.contexts.invoicing.domain.approval.discounts import discounted_over
from invx.contexts.invoicing.domain.approval.rules import (
    ApprovalRule,
    Assignee,
    is_subject,
    keys_of,
)
from invx.contexts.invoicing.domain.content import DocumentType, TaxCurrency
from tests.unit.invoicing.approval.given import GROUP, D, named, over, person, rule, step
from tests.unit.invoicing.domain.drafts import ENTITY, content, line, off, totalled

_LINES = (Path(__file__).parent / "rules.tsv").read_text().splitlines()
_NAMES = _LINES[1].split("\t")
CASES = [dict(zip(_NAMES, row.split("\t"), strict=True)) for row in _LINES[2:]]


def document_of(case: dict[str, str]) -> Any:
    discounts = (off(percent=case["off"]),) if case["off"] else ()
    of_document = off(percent=case["document_off"], taxes=line("0", "1").taxes)
    rate = case["rate"]
    return content(
        line("1", case["price"], discounts=discounts),
        type=DocumentType(case["type"]),
        currency=case["in"],
        discounts=(of_document,) if case["document_off"] else (),
        tax_currency=TaxCurrency(currency="EUR", rate=D(rate)) if rate else None,
    )


@pytest.mark.parametrize("case", CASES, ids=["|".join(each.values()) for each in CASES])
def test_a_rule_applies_as_the_table_says(case: dict[str, str]) -> None:
    said = document_of(case)
    asks = rule(
        types=tuple(DocumentType(each) for each in case["types"].split(",")),
        over=over(case["over"], case["currency"]) if case["over"] else None,
        discount_over=D(case["discount"]) if case["discount"] else None,
    )
    assert asks.applies_to(said, totalled(said)) is (case["applies"] == "yes")


def test_a_discount_on_one_line_among_many_is_seen_and_so_is_that_of_the_price() -> None:
    said = content(line("1", "1000"), line("2", "1", discounts=(off(percent="50"),)))
    assert discounted_over(D(49), said, totalled(said))
    assert not discounted_over(D(50), said, totalled(said))
    said = content(line("1", "10", price_discount=D(4)))
    assert discounted_over(D("39.9"), said, totalled(said))
    assert not discounted_over(D(40), said, totalled(said))
    inside = line("1", None, children=(line("1.1", "10", discounts=(off("6"),)),))
    parent = content(inside)
    assert discounted_over(D(59), parent, totalled(parent))
    assert not discounted_over(D(60), parent, totalled(parent))


def test_what_is_computed_elsewhere_has_no_price_to_compare_with() -> None:
    said = content(line("1", None, net=D(50)))
    assert not discounted_over(D(0), said, totalled(said))


def test_a_discount_off_nothing_counts_as_over() -> None:
    lines = line("1", "10"), line("2", "-10")
    said = content(*lines, discounts=(off("1", taxes=lines[0].taxes),))
    assert discounted_over(D(99), said, totalled(said))


@given(
    st.decimals(1, 10_000, places=2),
    st.integers(1, 50),
    st.decimals(0, 100, places=2),
    st.decimals(0, 99, places=1),
)
def test_discounts_are_compared_as_by_hand(
    price: Any, count: int, percent: Any, limit: Any
) -> None:
    said = content(line("1", str(price), str(count), discounts=(off(percent=str(percent)),)))
    totals = totalled(said)
    listed, left = price * count, totals.lines[0].net
    assert discounted_over(limit, said, totals) is ((listed - left) / listed * 100 > limit)


def test_an_assignee_is_a_subject_or_a_permission() -> None:
    mia = person("mia", "series:hold")
    assert named("mia").admits(mia)
    assert GROUP.admits(mia)
    assert not named("bea").admits(mia)
    assert not Assignee(permission="invoices:write").admits(mia)
    assert keys_of(mia) == ["user:mia", "permission:invoices:approve", "permission:series:hold"]
    assert {named("mia").key, GROUP.key} <= set(keys_of(mia))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("user:anna", True),
        ("key:k_01", True),
        ("user:a@b.example", True),
        ("anna", False),
        ("user:", False),
        ("user:a b", False),
        ("permission:invoices:approve", False),  # else a name would stand for a group
        ("user:" + "a" * 201, False),
    ],
)
def test_a_subject_is_named_as_in_tokens(text: str, good: bool) -> None:
    assert is_subject(text) is good


MALFORMED: dict[str, tuple[list[ApprovalRule], str, str]] = {
    "no name": ([rule(" ")], "/rules/0/name", "name_malformed"),
    "one name twice": ([rule("A"), rule("a ")], "/rules/1/name", "rule_named_twice"),
    "no type": ([rule(types=())], "/rules/0/types", "types_malformed"),
    "one type twice": (
        [rule(types=(DocumentType.INVOICE,) * 2)],
        "/rules/0/types",
        "types_malformed",
    ),
    "no such currency": (
        [rule(over=over("1", "XQX"))],
        "/rules/0/over/currency",
        "unknown_currency",
    ),
    "below zero": ([rule(over=over("-1"))], "/rules/0/over/amount", "amount_negative"),
    "all of it": ([rule(discount_over=D(100))], "/rules/0/discount_over", "percent_out_of_range"),
    "nothing required": (
        [rule("A", step("S", required=False))],
        "/rules/0/steps",
        "step_required",
    ),
    "no name of a step": ([rule("A", step(""))], "/rules/0/steps/0/name", "name_malformed"),
    "nobody": (
        [rule("A", stated.ApprovalStep(name="S", assignees=()))],
        "/rules/0/steps/0/assignees",
        "assignee_missing",
    ),
    "neither": (
        [rule("A", step("S", Assignee()))],
        "/rules/0/steps/0/assignees/0",
        "assignee_malformed",
    ),
    "no subject": (
        [rule("A", step("S", Assignee(subject="mia")))],
        "/rules/0/steps/0/assignees/0",
        "assignee_malformed",
    ),
    "no permission": (
        [rule("A", step("S", GROUP, Assignee(permission="approve")))],
        "/rules/0/steps/0/assignees/1",
        "assignee_malformed",
    ),
    "one twice": (
        [rule("A", step("S", GROUP, GROUP))],
        "/rules/0/steps/0/assignees/1",
        "assignee_twice",
    ),
    "no day": (
        [rule("A", step("S", due_days=0))],
        "/rules/0/steps/0/due_days",
        "due_days_out_of_range",
    ),
    "never escalated": (
        [rule("A", step("S", escalate_to=(GROUP,)))],
        "/rules/0/steps/0/due_days",
        "due_days_missing",
    ),
    "too many rules": ([rule(f"R{n}") for n in range(51)], "/rules", "too_many"),
    "too many steps": (
        [rule("A", *[step(f"S{n}") for n in range(21)])],
        "/rules/0/steps",
        "too_many",
    ),
    "too many people": (
        [rule("A", step("S", *[named(f"u{n}") for n in range(21)]))],
        "/rules/0/steps/0/assignees",
        "too_many",
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_rules_are_refused_by_their_place(what: str) -> None:
    rules, pointer, code = MALFORMED[what]
    with pytest.raises(ApprovalRulesInvalid) as refused:
        ApprovalRules.of(ENTITY).state(rules)
    assert (pointer, code) in [(each.pointer, each.code) for each in refused.value.problems]


def test_the_same_rules_stated_again_change_nothing_and_others_replace_them() -> None:
    rules = ApprovalRules.of(ENTITY)
    rules.state([rule("A"), rule("B", types=(DocumentType.CREDIT_NOTE,))])
    rules.state([rule("A"), rule("B", types=(DocumentType.CREDIT_NOTE,))])
    assert len(rules.recorded) == 1
    said = content(line("1", "1"))
    assert [each.name for each in rules.matching(said, totalled(said))] == ["A"]
    rules.state([])
    assert ApprovalRules.rehydrate(rules.id, rules.recorded).rules == ()
    assert rules.matching(said, totalled(said)) == ()
