"""What somebody may do in a tenant, and the rule that nobody grants more than that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from invx.contexts.identity.domain.errors import MoreThanHeld
from invx.contexts.identity.domain.roles import OWNERS_ONLY, PERSONAL_PERMISSIONS
from invx.kernel.errors import Problem

# Up to which amount of a currency somebody approves, nothing in one left out; None: any amount.
ApprovalLimit: TypeAlias = Mapping[str, Decimal] | None

_APPROVE = "invoices:approve"  # to which alone the limit matters
_NEVER_GIVEN = OWNERS_ONLY | PERSONAL_PERMISSIONS


@dataclass(frozen=True, slots=True)
class Authority:
    """Permissions, and up to which amounts they approve."""

    permissions: frozenset[str]
    approval_limit: ApprovalLimit = None

    def ensure_grants(
        self,
        permissions: Sequence[str],
        limit: ApprovalLimit,
        kept: "Authority | None" = None,
    ) -> None:
        """Raises MoreThanHeld for what its holder has not, or what is not given away at all.

        `kept` was given before, by whomever.
        """
        had = kept.permissions if kept else frozenset()
        problems = [
            Problem(f"/permissions/{index}", "not_held", f"You may not give {each} away.")
            for index, each in enumerate(permissions)
            if each not in had and (each not in self.permissions or each in _NEVER_GIVEN)
        ]
        same = kept is not None and _APPROVE in had and covers(kept.approval_limit, limit)
        if _APPROVE in permissions and not same and not covers(self.approval_limit, limit):
            detail = "You may not approve that much yourself."
            problems.append(Problem("/approval_limit", "not_held", detail))
        if problems:
            raise MoreThanHeld(problems=problems)

    def ensure_appoints(self, role: "Authority") -> None:
        """Raises MoreThanHeld for a role that may do more than its giver."""
        more = sorted(role.permissions - PERSONAL_PERMISSIONS - self.permissions)
        if more:
            detail = f"This role may do what you may not: {', '.join(more[:5])}."
            raise MoreThanHeld(problems=[Problem("/role", "not_held", detail)])
        if _APPROVE in role.permissions and not covers(self.approval_limit, role.approval_limit):
            detail = "This role may approve more than you."
            raise MoreThanHeld(problems=[Problem("/role", "not_held", detail)])


def covers(wider: ApprovalLimit, narrower: ApprovalLimit) -> bool:
    """Whether all that the second limit lets through, the first does too."""
    if wider is None:
        return True
    if narrower is None:
        return False
    return all(amount <= wider.get(currency, 0) for currency, amount in narrower.items())


def limit_in(currencies: Sequence[str] | None, amounts: Sequence[Decimal] | None) -> ApprovalLimit:
    """The limit that two columns of a row hold."""
    return None if currencies is None else dict(zip(currencies, amounts or (), strict=True))


def limit_columns(limit: ApprovalLimit) -> dict[str, list[Any] | None]:
    """The columns that hold a limit."""
    return {
        "limit_currencies": None if limit is None else list(limit),
        "limit_amounts": None if limit is None else list(limit.values()),
    }
