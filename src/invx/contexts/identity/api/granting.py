"""Tokens for a person who proved who they are: into which tenant, to do what."""

import contextlib
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.contexts.identity.api.edge import SESSION, TENANT, Edge, user_of
from invx.contexts.identity.api.exchanging import LIFETIME, limit_claim
from invx.contexts.identity.app.enter_tenant import EnterTenant, enter_tenant
from invx.contexts.identity.app.ports import Entry
from invx.contexts.identity.app.seat_member import SeatMember, seat_member
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import NotAMember
from invx.contexts.identity.domain.role import role_id_in
from invx.contexts.identity.domain.roles import PERSONAL_PERMISSIONS, permissions_of
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.tenant import ACTIVE
from invx.contexts.identity.domain.user import USER, actor_of
from invx.contexts.identity.read.access_queries import (
    await_reductions,
    get_role,
    knows_session,
    role_of,
)
from invx.contexts.identity.read.queries import (
    SeatView,
    get_user,
    seats_of,
)
from invx.infra.tenancy import INSTALLATION, TenantClosed
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

_REFRESH = "invx_rt_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret, and the hash by which it is known afterwards."""

    text: str
    hash: str

    @classmethod
    def refresh_token(cls) -> "Secret":
        """What keeps a session alive."""
        return cls.beginning(_REFRESH)

    @classmethod
    def beginning(cls, prefix: str) -> "Secret":
        """256 bits, so a plain hash is enough to keep; the prefix lets scanners find a leak."""
        text = prefix + secrets.token_urlsafe(32)
        return cls(text, hash_of(text))


def hash_of(text: str) -> str:
    """By which a secret is looked up."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token, and where it leads."""

    access_token: str
    seat: SeatView | None
    seats: Sequence[SeatView]
    scopes: Sequence[str]


async def granted(edge: Edge, caller: Caller, session: Session, tenant_id: UUID | None) -> Granted:
    """A token for the tenant, or for the first that the person may enter, or for none.

    The owner of an organization who is not seated yet in one of its tenants is seated now: opening
    a tenant and seating somebody are two transactions, and this one can always be made up for.
    A client that was let in gets what it was allowed and the person may still do, and nothing of
    the person's own account. Raises NotAMember.
    """
    now = edge.runner.clock.now()  # before anything is read: a revocation since then counts
    user_id, grant = session.user_id, session.grant
    if grant is not None:
        tenant_id = grant.into
    async with edge.runner.reading(caller) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
        seats = await seats_of(conn, ctx, user_id)
    seat = _chosen(seats, tenant_id)
    into, authority = INSTALLATION, Authority(PERSONAL_PERMISSIONS)
    if seat is not None:
        inside = Caller(
            seat.tenant_id, actor_of(user_id), caller.correlation_id, session_id=session.id
        )
        if not seat.seated:
            command = SeatMember(
                user_id=user_id, email=user.email or "", name=user.name or "", role=seat.role
            )
            await edge.runner.run(seat_member, command, inside)
        into, authority = seat.tenant_id, await _entered(edge, inside, session)
    permissions, more = authority.permissions | PERSONAL_PERMISSIONS, {}
    if grant is not None:
        permissions &= frozenset(grant.scopes) & grantable(edge.access.permissions)
        more = {"client_id": grant.client}  # RFC 9068, 2.2
    token = edge.access.signer.sign(
        into,
        subject=actor_of(user_id),
        permissions=permissions,
        now=now.timestamp(),
        lifetime=LIFETIME,
        sid=typeid(SESSION, session.id),
        **limit_claim(authority.approval_limit),
        **more,
    )
    return Granted(token, seat, seats, sorted(permissions))


async def _entered(edge: Edge, inside: Caller, session: Session) -> Authority:
    """What a person may do in the tenant that they are inside of; that they came is noted.

    Raises NotAMember for who was removed since the seats were read.
    """
    known = edge.access.permissions
    async with edge.runner.reading(inside) as (conn, ctx):
        await await_reductions(conn, ctx)
        role = await role_of(conn, ctx, session.user_id)
        if role is None:
            raise NotAMember
        new = not await knows_session(conn, ctx, session.id)
        own = role_id_in(role)
        found = await get_role(conn, ctx, own) if own else None
    if new:
        entry = Entry(session.id, session.method, session.address, session.user_agent)
        # Nothing is written in a suspended tenant, but reading there is allowed.
        with contextlib.suppress(TenantClosed):
            await edge.runner.run(enter_tenant, EnterTenant(user_of(inside), entry), inside)
    if found is None:
        return Authority(permissions_of(role, known))
    return Authority(frozenset(found.permissions) & known, found.approval_limit)


def _chosen(seats: Sequence[SeatView], wanted: UUID | None) -> SeatView | None:
    if wanted is not None:
        for seat in seats:
            if seat.tenant_id == wanted:
                return seat
        raise NotAMember
    return next((seat for seat in seats if seat.status == ACTIVE), None)


def tokens_view(given: Granted, refresh_token: str, session: Session) -> dict[str, Any]:
    """As the API shows it (RFC 6749, 5.1, with more beside)."""
    return {
        "object": "tokens",
        "access_token": given.access_token,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "refresh_token": refresh_token,
        "user": typeid(USER, session.user_id),
        "session": typeid(SESSION, session.id),
        "tenant": typeid(TENANT, given.seat.tenant_id) if given.seat else None,
        "tenants": [seat_view(seat) for seat in given.seats],
    }


def client_tokens_view(
    access_token: str, scopes: Sequence[str], refresh_token: str | None = None
) -> dict[str, Any]:
    """As a client gets them (RFC 6749, 5.1)."""
    view = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(scopes),
    }
    return view | ({"refresh_token": refresh_token} if refresh_token else {})


def seat_view(seat: SeatView) -> dict[str, Any]:
    """A tenant that a person may enter."""
    return {
        "id": typeid(TENANT, seat.tenant_id),
        "name": seat.name,
        "mode": seat.mode,
        "status": seat.status,
        "role": seat.role,
    }
