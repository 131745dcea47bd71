"""Aggregates of identity in the states that tests begin with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.invitation import Invitation
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.role import Role
from invx.contexts.identity.domain.role_events import RoleContent
from invx.kernel.aggregate import Aggregate
from invx.kernel.messages import Event

NOW = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ID = UUID("019a0000-0000-7000-8000-000000000001")
ADA = UUID("019a0000-0000-7000-8000-00000000000a")
BO = UUID("019a0000-0000-7000-8000-00000000000b")
SESSION = UUID("019a0000-0000-7000-8000-0000000000c0")
EMAIL = "bo@kontor-nord.example"


def amounts(**limit: str) -> dict[str, Decimal]:
    """An approval limit: `amounts(EUR="1000.00")`."""
    return {currency: Decimal(amount) for currency, amount in limit.items()}


def new(aggregate: Aggregate) -> list[Event]:
    """What was recorded since the last time; as if it were stored now."""
    events, aggregate.recorded = list(aggregate.recorded), []
    return events


def api_key(*permissions: str, expires_at: datetime | None = None) -> ApiKey:
    """A key that is stored."""
    key = ApiKey.create(
        ID,
        name="Web shop",
        mode="live",
        authority=Authority(frozenset(permissions or ("invoices:read",))),
        secret=("hash one", "aaaa"),
        created=("user:ada", NOW),
        expires_at=expires_at,
    )
    new(key)
    return key


def content(*permissions: str, name: str = "Dunning", **limit: str) -> RoleContent:
    """What a role is, with a limit where amounts are named."""
    return RoleContent(
        name=name,
        permissions=permissions or ("invoices:read",),
        approval_limit=amounts(**limit) if limit else None,
    )


def role(said: RoleContent | None = None) -> Role:
    """A role that is stored."""
    made = Role.create(ID, said or content(), NOW)
    new(made)
    return made


def invitation(email: str = EMAIL, role: str = "sales") -> Invitation:
    """An open one that is stored."""
    made = Invitation.make(
        ID, email=email, role=role, token_hash="hash", invited_by="user:ada", now=NOW
    )
    new(made)
    return made


def member(role: str = "sales") -> Member:
    """A member that is stored."""
    seated = Member(ID)
    seated.seat(BO, email=EMAIL, name="Bo Larsen", role=role, now=NOW)
    new(seated)
    return seated
