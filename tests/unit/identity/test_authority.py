"""Nobody grants more than they hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.identity.domain.authority import (
    Authority,
    covers,
    limit_columns,
    limit_in,
)
from invx.contexts.identity.domain.errors import MoreThanHeld
from tests.unit.identity.given import amounts

READ, WRITE, APPROVE = "invoices:read", "invoices:write", "invoices:approve"

LIMITS: list[tuple[Any, Any, bool]] = [
    # wider, narrower, covered
    (None, None, True),
    (None, {}, True),
    (None, amounts(EUR="10"), True),
    ({}, None, False),
    (amounts(EUR="10"), None, False),
    (amounts(EUR="10"), {}, True),
    ({}, {}, True),
    (amounts(EUR="10"), amounts(EUR="10"), True),
    (amounts(EUR="10"), amounts(EUR="10.00"), True),
    (amounts(EUR="10"), amounts(EUR="10.01"), False),
    (amounts(EUR="10", USD="5"), amounts(USD="5"), True),
    (amounts(EUR="10"), amounts(USD="1"), False),
    (amounts(EUR="10"), amounts(USD="0"), True),
    (amounts(EUR="10"), amounts(EUR="1", USD="1"), False),
    ({}, amounts(EUR="0.01"), False),
]


@pytest.mark.parametrize(("wider", "narrower", "covered"), LIMITS)
def test_a_limit_covers_what_it_lets_through(wider: Any, narrower: Any, covered: bool) -> None:
    assert covers(wider, narrower) is covered


_limits = st.none() | st.dictionaries(
    st.sampled_from(["EUR", "USD", "JPY"]), st.decimals(0, 1000, places=2)
)


@given(_limits, _limits, _limits)
def test_covering_is_an_order(one: Any, two: Any, three: Any) -> None:
    assert covers(one, one)
    if covers(one, two) and covers(two, three):
        assert covers(one, three)


@given(_limits)
def test_a_limit_comes_back_from_its_columns(limit: Any) -> None:
    columns = limit_columns(limit)
    assert limit_in(columns["limit_currencies"], columns["limit_amounts"]) == limit


def refused(holder: Authority, *permissions: str, **more: Any) -> list[str]:
    """Where a refusal points; empty when it may be granted."""
    try:
        holder.ensure_grants(permissions, more.get("limit"), more.get("kept"))
    except MoreThanHeld as error:
        return [problem.pointer for problem in error.problems]
    return []


def holding(*permissions: str, **limit: str) -> Authority:
    return Authority(frozenset(permissions), amounts(**limit) if limit else None)


def test_what_is_held_is_granted_and_the_rest_is_named() -> None:
    holder = holding(READ, WRITE)
    assert refused(holder, READ) == []
    assert refused(holder, READ, WRITE) == []
    assert refused(holder) == []
    assert refused(holder, "tax:write", READ, APPROVE) == ["/permissions/0", "/permissions/2"]


@pytest.mark.parametrize("never", ["me:read", "me:write", "members:own", "tenant:close"])
def test_what_is_personal_or_owners_own_is_never_given_away(never: str) -> None:
    assert refused(holding(READ, never), READ, never) == ["/permissions/1"]


def test_a_limit_matters_where_something_is_approved() -> None:
    holder = holding(READ, APPROVE, EUR="500")
    assert refused(holder, READ, limit=None) == []
    assert refused(holder, READ, APPROVE, limit=None) == ["/approval_limit"]
    assert refused(holder, APPROVE, limit=amounts(EUR="500")) == []
    assert refused(holder, APPROVE, limit=amounts(EUR="501")) == ["/approval_limit"]
    assert refused(holder, APPROVE, limit=amounts(EUR="1", USD="1")) == ["/approval_limit"]
    unlimited = holding(APPROVE)
    assert refused(unlimited, APPROVE, limit=None) == []


def test_what_was_given_before_may_be_kept() -> None:
    holder = holding(READ, EUR="500")
    kept = holding(WRITE, APPROVE, EUR="900")
    assert refused(holder, WRITE, READ, kept=kept) == []
    assert refused(holder, WRITE, "tax:write", kept=kept) == ["/permissions/1"]
    assert refused(holder, APPROVE, limit=amounts(EUR="900"), kept=kept) == []
    assert refused(holder, APPROVE, limit=amounts(EUR="800"), kept=kept) == []
    assert refused(holder, APPROVE, limit=amounts(EUR="901"), kept=kept) == ["/approval_limit"]
    assert refused(holder, APPROVE, limit=None, kept=kept) == ["/approval_limit"]


def test_a_limit_that_was_idle_is_not_kept_when_approving_is_added() -> None:
    """A role without the permission had no use for its limit, so its limit proves nothing."""
    holder = holding(READ, APPROVE, EUR="500")
    idle = holding(READ)
    assert refused(holder, READ, APPROVE, limit=None, kept=idle) == ["/approval_limit"]


APPOINTMENTS: list[tuple[Authority, Authority, str]] = [
    (holding(READ, WRITE), holding(READ), ""),
    (holding(READ), holding(READ, "me:read", "me:write"), ""),
    (holding(READ), holding(READ, WRITE), "invoices:write"),
    (holding(READ, APPROVE, EUR="500"), holding(READ), ""),
    (holding(READ, APPROVE, EUR="500"), holding(APPROVE, EUR="500"), ""),
    (holding(READ, APPROVE, EUR="500"), holding(APPROVE), "approve more"),
    (holding(READ, APPROVE, EUR="500"), holding(APPROVE, EUR="501"), "approve more"),
    (holding(READ), holding(READ, EUR="9"), ""),
]


@pytest.mark.parametrize(("giver", "role", "said"), APPOINTMENTS)
def test_nobody_appoints_above_themselves(giver: Authority, role: Authority, said: str) -> None:
    if not said:
        giver.ensure_appoints(role)
        assert role.permissions - {"me:read", "me:write"} <= giver.permissions
        return
    with pytest.raises(MoreThanHeld) as refusal:
        giver.ensure_appoints(role)
    [problem] = refusal.value.problems
    assert problem.pointer == "/role"
    assert said in problem.detail
