"""The acts on one approval: order of steps, who may, limits, delegation, escalation, ends."""

from typing import Any

import pytest

from invx.contexts.invoicing.domain.approval import approval_errors as errors
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause, StepEscalated
from invx.contexts.invoicing.domain.approval.state import ApprovalState
from tests.unit.invoicing.approval.given import (
    APPROVE,
    DAY,
    GROUP,
    D,
    draft,
    named,
    person,
    replayed,
    rule,
    states,
    step,
    submitted,
)
from tests.unit.invoicing.domain.drafts import NOW

MIA, BEA = person("mia"), person("bea")
TWO = rule("Two", step("First", named("mia")), step("Second", named("bea")))
HINT = rule("Hint", step("Hint", named("bea"), required=False), step("Must", named("mia")))
TRAILING = rule("Late", step("Must", named("mia")), step("After", named("bea"), required=False))


def test_steps_open_one_after_another() -> None:
    approval = submitted(TWO)
    assert states(approval) == ["open", "waiting"]
    with pytest.raises(errors.NotAssigned, match="First"):
        approval.approve(BEA, NOW)
    approval.approve(MIA, NOW)
    assert (states(approval), approval.state) == (["approved", "open"], ApprovalState.PENDING)
    with pytest.raises(errors.NotAssigned, match="Second"):
        approval.approve(MIA, NOW)
    approval.approve(BEA, NOW)
    assert (states(approval), approval.state) == (["approved"] * 2, ApprovalState.APPROVED)


def test_the_steps_of_several_rules_follow_one_another() -> None:
    approval = submitted(TWO, rule("Then", step("Third")))
    assert [(each.position, each.rule.name) for each in approval.steps] == [
        (1, "Two"),
        (2, "Two"),
        (3, "Then"),
    ]
    for who in (MIA, BEA, MIA):
        assert approval.state is ApprovalState.PENDING
        approval.approve(who, NOW)
    assert approval.state is ApprovalState.APPROVED


@pytest.mark.parametrize(
    ("asks", "who", "expected", "state"),
    [
        (HINT, ["bea"], ["approved", "open"], "pending"),
        (HINT, ["mia"], ["skipped", "approved"], "approved"),
        (HINT, ["bea", "mia"], ["approved", "approved"], "approved"),
        (TRAILING, ["mia"], ["approved", "skipped"], "approved"),
        (TRAILING, [], ["open", "waiting"], "pending"),
    ],
)
def test_what_is_not_required_blocks_nothing(
    asks: Any, who: list[str], expected: list[str], state: str
) -> None:
    approval = submitted(asks)
    for name in who:
        approval.approve(person(name), NOW)
    assert (states(approval), str(approval.state)) == (expected, state)


def test_who_may_decide_two_open_steps_decides_the_first_unless_told() -> None:
    both = rule("B", step("Hint", GROUP, required=False), step("Must", GROUP))
    one, other = submitted(both), submitted(both)
    one.approve(MIA, NOW)
    assert states(one) == ["approved", "open"]
    other.approve(MIA, NOW, position=2)
    assert states(other) == ["skipped", "approved"]
    with pytest.raises(errors.StepNotOpen):
        one.approve(MIA, NOW, position=1)
    with pytest.raises(errors.StepNotOpen):
        one.reject(MIA, NOW, position=7)


def test_own_rules_are_told_apart_step_by_step() -> None:
    """Where two steps are open, the one whose rule allows it can be decided by the submitter."""
    strict = rule("Strict", step("Hint", GROUP, required=False), step("S", GROUP))
    approval = submitted(strict, by="mia")
    with pytest.raises(errors.OwnDocument):
        approval.approve(MIA, NOW)
    approval.approve(BEA, NOW, position=2)
    assert approval.state is ApprovalState.APPROVED
    lenient = submitted(rule("Own", step("S", GROUP), own=True), by="mia")
    lenient.approve(MIA, NOW)
    assert lenient.state is ApprovalState.APPROVED


@pytest.mark.parametrize(
    ("limit", "price", "allowed"),
    [
        (None, "1000000", True),
        ({"EUR": D("119.00")}, "100", True),
        ({"EUR": D("118.99")}, "100", False),
        ({"EUR": D("118.99")}, "-100", False),
        ({"USD": D(1000)}, "100", False),
        ({}, "0.01", False),
        ({}, "0", True),  # nothing is not over nothing
    ],
)
def test_one_approves_up_to_ones_limit_and_rejects_anything(
    limit: Any, price: str, allowed: bool
) -> None:
    mia = person("mia", limit=limit)
    approval = submitted(price=price)
    if allowed:
        approval.approve(mia, NOW)
        assert approval.state is ApprovalState.APPROVED
        return
    with pytest.raises(errors.OverApprovalLimit, match=f"{(limit or {}).get('EUR', 0)} EUR"):
        approval.approve(mia, NOW)
    approval.reject(mia, NOW)
    assert approval.state is ApprovalState.REJECTED


def test_a_delegate_takes_the_place_of_who_was_named_and_joins_a_group() -> None:
    named_one, group = submitted(TWO), submitted(rule("G", step("S", GROUP)))
    for approval in (named_one, group):
        approval.delegate(MIA, "user:emil", "away", NOW)
    emil = person("emil")
    with pytest.raises(errors.NotAssigned):
        named_one.approve(MIA, NOW)
    named_one.delegate(emil, "user:mia", "back", NOW)
    named_one.approve(MIA, NOW)
    assert [(each.by, each.to) for each in named_one.steps[0].delegations] == [
        ("user:mia", "user:emil"),
        ("user:emil", "user:mia"),
    ]
    group.delegate(BEA, "user:emil", "he knows", NOW)  # he is asked already
    assert len(group.recorded) == 2
    group.approve(BEA, NOW)
    assert group.state is ApprovalState.APPROVED


def test_nothing_is_delegated_to_whom_it_must_not_be() -> None:
    approval = submitted(TWO)
    with pytest.raises(errors.OwnDocument):
        approval.delegate(MIA, "user:sam", "his own", NOW)
    with pytest.raises(errors.DelegateMalformed):
        approval.delegate(MIA, f"permission:{APPROVE}", "all", NOW)
    with pytest.raises(errors.NotAssigned):
        approval.delegate(BEA, "user:emil", "not hers", NOW)


LATE = rule("Late", step("S", named("mia"), due_days=2, escalate_to=(named("owner"),)))


def test_what_is_overdue_is_escalated_once_and_both_may_decide() -> None:
    approval = submitted(LATE)
    assert approval.due_at == NOW + 2 * DAY
    approval.escalate(NOW + 2 * DAY - DAY / 24)
    assert len(approval.recorded) == 1
    approval.escalate(NOW + 2 * DAY)
    approval.escalate(NOW + 9 * DAY)
    assert approval.recorded[1:] == [
        StepEscalated(position=1, to=(named("owner"),), at=NOW + 2 * DAY)
    ]
    assert approval.due_at is None
    for name in ("owner", "mia"):
        twin = replayed(approval)
        twin.approve(person(name), NOW)
        assert twin.state is ApprovalState.APPROVED


def test_days_run_from_the_opening_of_a_step() -> None:
    approval = submitted(rule("A", step("First"), step("Second", due_days=1)))
    assert approval.due_at is None
    approval.approve(MIA, NOW + 5 * DAY)
    assert approval.due_at == NOW + 6 * DAY
    approval.reject(BEA, NOW + 5 * DAY)
    assert approval.due_at is None
    approval.escalate(NOW + 99 * DAY)
    assert not any(isinstance(each, StepEscalated) for each in approval.recorded)


def test_only_the_submitter_withdraws_and_only_what_holds() -> None:
    approval = submitted()
    with pytest.raises(errors.NotSubmitter):
        approval.withdraw("user:mia", NOW)
    approval.approve(MIA, NOW)
    approval.withdraw("user:sam", NOW)
    assert approval.state is ApprovalState.WITHDRAWN
    with pytest.raises(errors.ApprovalNotWithdrawable):
        approval.withdraw("user:sam", NOW)
    with pytest.raises(errors.ApprovalNotPending):
        approval.approve(MIA, NOW)


ENDS = {
    "approved": lambda approval: approval.approve(MIA, NOW),
    "rejected": lambda approval: approval.reject(MIA, NOW),
    "withdrawn": lambda approval: approval.withdraw("user:sam", NOW),
    "lapsed": lambda approval: approval.lapse(LapseCause.EDITED),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_has_ended_takes_no_decision_and_waits_for_nobody(end: str) -> None:
    approval = submitted(rule("A", step("Hint", GROUP, required=False), step("S", GROUP)))
    if end == "approved":
        approval.approve(BEA, NOW, position=2)
    else:
        ENDS[end](approval)
    assert str(approval.state) == end
    assert (approval.open_steps, approval.due_at) == ([], None)
    for act in (approval.approve, approval.reject):
        with pytest.raises(errors.ApprovalNotPending):
            act(MIA, NOW)
    with pytest.raises(errors.ApprovalNotPending):
        approval.delegate(MIA, "user:emil", "r", NOW)


@pytest.mark.parametrize(("end", "lapses"), [("approved", True), ("rejected", False)])
def test_an_edit_ends_what_holds_and_leaves_the_rest_to_be_read(end: str, lapses: bool) -> None:
    approval = submitted()
    ENDS[end](approval)
    approval.lapse(LapseCause.EDITED)
    approval.lapse(LapseCause.EDITED)
    assert str(approval.state) == ("lapsed" if lapses else end)
    approval.lapse(LapseCause.DELETED)
    approval.lapse(LapseCause.DELETED)
    assert (approval.gone, replayed(approval).gone) == (True, True)
    assert len(approval.recorded) == (4 if lapses else 3)


def objection(approval: Approval, *rules: Any, version: int = 1, total: str = "119.00") -> Any:
    return approval.objection(rules, version, "EUR", D(total))


def test_an_approval_holds_for_its_version_total_and_rules() -> None:
    approval = submitted(TWO)
    assert "First" in objection(approval, TWO)
    assert "First" in objection(approval)  # what was asked for is to be answered
    approval.approve(MIA, NOW)
    approval.approve(BEA, NOW)
    assert objection(approval, TWO) is None
    assert objection(approval) is None
    assert "119.00 EUR" in objection(approval, TWO, version=2)
    assert "119.00 EUR" in objection(approval, TWO, total="119.01")
    assert "“Hint”" in objection(approval, TWO, HINT)
    stricter = rule("Two", *TWO.steps, step("Third"))
    assert "“Two”" in objection(approval, stricter)
    assert objection(approval, version=2) is None  # no rule applies any more


def test_submitted_anew_it_begins_anew() -> None:
    approval = submitted(TWO)
    document = draft()
    with pytest.raises(errors.ApprovalPending):
        approval.submit(document, [TWO], "user:sam", NOW)
    approval.approve(MIA, NOW)
    approval.reject(BEA, NOW, "no")
    with pytest.raises(errors.ApprovalNotNeeded):
        approval.submit(document, [], "user:sam", NOW)
    approval.submit(document, [HINT], "user:tom", NOW + DAY)
    assert (states(approval), approval.submitted_by) == (["open", "open"], "user:tom")
    approval.approve(MIA, NOW)
    with pytest.raises(errors.ApprovalGiven):
        approval.submit(document, [HINT], "user:tom", NOW)
    approval.submit(document, [TWO], "user:tom", NOW)
    assert approval.state is ApprovalState.PENDING
    again = replayed(approval)
    assert (states(again), again.state, again.rules) == (states(approval), approval.state, (TWO,))
