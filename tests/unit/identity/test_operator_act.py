"""An operator's act: begun before anything is done, ended once."""

from uuid import UUID

import pytest

from invx.contexts.identity.domain.operator_act import (
    DONE,
    REFUSED,
    OperatorAct,
    OperatorActOver,
)
from invx.contexts.identity.domain.operator_act_events import OperatorActBegun, OperatorActEnded
from invx.contexts.identity.wiring import CODEC
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

ID, TENANT = UUID(int=1), UUID(int=2)


def begun() -> OperatorAct:
    return OperatorAct.begin(ID, "move", TENANT, "pooled to acme")


def test_it_is_begun_with_what_it_was_told() -> None:
    act = begun()
    assert act.recorded == [OperatorActBegun(act="move", of_tenant=TENANT, detail="pooled to acme")]
    assert (act.version, act.outcome) == (1, None)


@pytest.mark.parametrize("outcome", [DONE, REFUSED])
def test_it_ends_once(outcome: str) -> None:
    act = begun()
    act.end(outcome, "12 rows")
    assert act.recorded[-1] == OperatorActEnded(outcome=outcome, detail="12 rows")
    assert act.outcome == outcome
    for again in (DONE, REFUSED):
        with pytest.raises(OperatorActOver):
            act.end(again, "")
    assert len(act.recorded) == 2


def test_it_is_the_same_after_it_was_read_again() -> None:
    act = begun()
    act.end(DONE, "")
    again = OperatorAct.rehydrate(ID, act.recorded)
    assert (again.version, again.outcome) == (2, DONE)
    assert again.recorded == []
    with pytest.raises(OperatorActOver):
        again.end(DONE, "")


def test_it_knows_no_other_event() -> None:
    with pytest.raises(InvariantViolation, match="knows no Event"):
        begun().apply(Event())


def test_its_events_are_stored_without_anything_personal() -> None:
    act = begun()
    act.end(REFUSED, "erase_refused")
    for event in act.recorded:
        stored = CODEC.encode(event)
        assert stored.personal == ()
        assert CODEC.decode(stored.type, stored.schema_version, stored.body.decode()) == event
