"""Every act in every state of an approval, and every order of steps, as tables say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause
from invx.kernel.errors import DomainError
from tests.unit.invoicing.approval.given import (
    DAY,
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

ASKED = rule("R", step("S", named("mia"), named("sam"), due_days=1, escalate_to=(named("bea"),)))
SAM, MIA, BEA = person("sam"), person("mia"), person("bea")
POOR = person("mia", limit={"EUR": D(1)})


def _none() -> Approval:
    return Approval.of(draft().id)


def _ended(act: Callable[[Approval], None]) -> Approval:
    approval = submitted(ASKED)
    act(approval)
    return approval


STATES: dict[str, Callable[[], Approval]] = {
    "none": _none,
    "pending": lambda: submitted(ASKED),
    "escalated": lambda: _ended(lambda each: each.escalate(NOW + DAY)),
    "approved": lambda: _ended(lambda each: each.approve(MIA, NOW)),
    "rejected": lambda: _ended(lambda each: each.reject(MIA, NOW)),
    "withdrawn": lambda: _ended(lambda each: each.withdraw("user:sam", NOW)),
    "lapsed": lambda: _ended(lambda each: each.lapse(LapseCause.EDITED)),
    "deleted": lambda: _ended(lambda each: each.lapse(LapseCause.DELETED)),
}
ACTS: dict[str, Callable[[Approval], None]] = {
    "submit": lambda each: each.submit(draft(), [ASKED], "user:sam", NOW),
    "submit what no rule asks for": lambda each: each.submit(draft(), [], "user:sam", NOW),
    "submit another total": lambda each: each.submit(draft("9"), [ASKED], "user:sam", NOW),
    "approve by one who is asked": lambda each: each.approve(MIA, NOW),
    "approve by one with a low limit": lambda each: each.approve(POOR, NOW),
    "approve by the submitter": lambda each: each.approve(SAM, NOW),
    "approve by one who is not asked": lambda each: each.approve(BEA, NOW),
    "approve another step": lambda each: each.approve(MIA, NOW, position=2),
    "reject by one who is asked": lambda each: each.reject(MIA, NOW),
    "reject by one with a low limit": lambda each: each.reject(POOR, NOW),
    "reject by the submitter": lambda each: each.reject(SAM, NOW),
    "reject by one who is not asked": lambda each: each.reject(BEA, NOW),
    "delegate by one who is asked": lambda each: each.delegate(MIA, "user:x", "r", NOW),
    "delegate by one who is not asked": lambda each: each.delegate(BEA, "user:x", "r", NOW),
    "delegate to the submitter": lambda each: each.delegate(MIA, "user:sam", "r", NOW),
    "delegate to a group": lambda each: each.delegate(MIA, "permission:a:b", "r", NOW),
    "withdraw by the submitter": lambda each: each.withdraw("user:sam", NOW),
    "withdraw by another": lambda each: each.withdraw("user:mia", NOW),
    "escalate in time": lambda each: each.escalate(NOW),
    "escalate when it is late": lambda each: each.escalate(NOW + DAY),
    "edit the draft": lambda each: each.lapse(LapseCause.EDITED),
    "delete the draft": lambda each: each.lapse(LapseCause.DELETED),
}


def outcome(state: str, act: str) -> str:
    """The state afterwards, a dash where nothing happened, or the code of the refusal."""
    approval = STATES[state]()
    before = len(approval.recorded)
    try:
        ACTS[act](approval)
    except DomainError as refused:
        assert len(approval.recorded) == before, "what is refused changes nothing"
        return refused.code
    if len(approval.recorded) == before:
        return "-"
    again = replayed(approval)
    assert (again.state, states(again)) == (approval.state, states(approval))
    return str(approval.state)


def _table(name: str) -> list[list[str]]:
    lines = (Path(__file__).parent / name).read_text().splitlines()
    return [line.split("\t") for line in lines[2:]]


def test_the_table_has_every_act_in_every_state() -> None:
    told = {(state, act) for state, act, _ in _table("transitions.tsv")}
    assert told == {(state, act) for state in STATES for act in ACTS}


@pytest.mark.parametrize("state", STATES)
def test_an_act_does_what_the_table_says(state: str) -> None:
    expected = {act: said for of, act, said in _table("transitions.tsv") if of == state}
    assert {act: outcome(state, act) for act in ACTS} == expected


@pytest.mark.parametrize("row", _table("steps.tsv"), ids="|".join)
def test_steps_open_and_are_left_out_as_the_table_says(row: list[str]) -> None:
    """`R` is required, `o` is not; the digits are the steps in the order of their approval."""
    kinds, decided, expected, state = row
    steps = [step(f"S{n}", named(f"p{n}"), required=kind == "R") for n, kind in enumerate(kinds, 1)]
    approval = submitted(rule("A", *steps))
    for position in decided:
        approval.approve(person(f"p{position}"), NOW)
    letters = "".join(each[0] for each in states(approval))
    assert (letters, str(approval.state)) == (expected, state)
