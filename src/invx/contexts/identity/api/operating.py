"""Operators at the edge: who asks, what they are about to do, and how things are shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from invx.contexts.identity.api.edge import (
    ANNOUNCEMENT,
    OPERATOR,
    SUPPORT_GRANT,
    TENANT,
    Edge,
    installed,
)
from invx.contexts.identity.app.act_as_operator import ActAsOperator, act_as_operator
from invx.contexts.identity.domain.errors import TenantNotFound
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.operator_events import ActOfOperator
from invx.contexts.identity.domain.support import ASKED_FOR, SupportGrant
from invx.contexts.identity.read.operators import (
    AnnouncementView,
    SupportGrantView,
    operator_name,
)
from invx.infra.http.auth import InvalidToken
from invx.infra.http.fields import id_of
from invx.infra.http.operating import StillActing, operates
from invx.infra.oversight import Figures, Oversight, TenantEntry
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError
from invx.kernel.ids import parse_typeid, typeid

_NOBODY = UUID(int=0)


async def oversight_of(request: Request) -> Oversight:
    """Put there by the host when it builds the application."""
    found: Oversight = request.app.state.oversight
    return found


Acting = Annotated[Caller, operates()]
Overseen = Annotated[Oversight, Depends(oversight_of)]


def operator_of(caller: Caller) -> UUID:
    """The operator who asks; an id that nobody has for anybody else."""
    kind, _, text = caller.actor.partition(":")
    try:
        return parse_typeid(OPERATOR, text) if kind == "operator" else _NOBODY
    except DomainError:
        return _NOBODY


def operator_actor(operator_id: UUID) -> str:
    """How an operator is named in histories."""
    return f"operator:{typeid(OPERATOR, operator_id)}"


def still_acting(edge: Edge) -> StillActing:
    """Whether the caller is an operator at this moment, by the row: no token outlives that."""

    async def ensure(caller: Caller) -> None:
        async with edge.runner.reading(installed(caller)) as (conn, ctx):
            if await operator_name(conn, ctx, operator_of(caller)) is None:
                raise InvalidToken("The access token is no operator's, or no more.")

    return ensure


async def acted(edge: Edge, caller: Caller, act: ActOfOperator) -> Operator:
    """Record what the operator does next. Raises OperatorNotFound."""
    command = ActAsOperator(operator_of(caller), act)
    return await edge.runner.run(act_as_operator, command, caller)


async def found_tenant(oversight: Oversight, text: str) -> TenantEntry:
    """The tenant in a path. Raises TenantNotFound, UnknownTenant."""
    return await oversight.entry(id_of(TENANT, text, TenantNotFound))


def tenant_view(entry: TenantEntry, figures: Figures) -> dict[str, Any]:
    """A tenant as operators see it."""
    return {
        "object": "operated_tenant",
        "id": typeid(TENANT, entry.tenant_id),
        "name": entry.name,
        "mode": entry.mode,
        "status": entry.status,
        "placement": entry.placement,
        "quota_class": entry.quota_class,
        "today": {"documents": figures.documents_today, "requests": figures.requests_today},
        **_weight(figures),
        "contexts": [{"name": name, **_weight(each)} for name, each in figures.contexts.items()],
    }


def _weight(figures: Figures) -> dict[str, Any]:
    """How large, and what waits."""
    return {
        "size": {"events": figures.events, "about_bytes": figures.about_bytes},
        "outbox": {"pending": figures.outbox_pending, "oldest_seconds": round(figures.outbox_age)},
        "inbox": {
            "pending": figures.inbox_pending,
            "oldest_seconds": round(figures.inbox_age),
            "parked": figures.parked,
        },
    }


def announcement_view(announcement: AnnouncementView) -> dict[str, Any]:
    """An announcement as everybody sees it."""
    return {
        "object": "announcement",
        "id": typeid(ANNOUNCEMENT, announcement.announcement_id),
        "text": announcement.text,
        "severity": announcement.severity,
        "starts_at": announcement.starts_at,
        "ends_at": announcement.ends_at,
    }


def grant_viewed(grant: SupportGrant) -> SupportGrantView:
    """As a query would show it."""
    return SupportGrantView(
        grant.id,
        grant.operator_id,
        grant.operator,
        grant.reason,
        list(grant.permissions),
        grant.asked_at,
        grant.decided_by,
        grant.decided_at,
        grant.granted_until,
        grant.ended_at,
        grant.ended_reason,
    )


def grant_view(grant: SupportGrantView, now: datetime) -> dict[str, Any]:
    """A support grant as both sides see it."""
    return {
        "object": "support_grant",
        "id": typeid(SUPPORT_GRANT, grant.support_grant_id),
        "status": _status(grant, now),
        "operator_id": typeid(OPERATOR, grant.operator_id),
        "operator": grant.operator,
        "reason": grant.reason,
        "permissions": grant.permissions,
        "asked_at": grant.asked_at,
        "decided_by": grant.decided_by,
        "decided_at": grant.decided_at,
        "granted_until": grant.granted_until,
        "ended_at": grant.ended_at,
        "ended_reason": grant.ended_reason,
    }


def _status(grant: SupportGrantView, now: datetime) -> str:
    if grant.ended_at is not None:
        return "refused" if grant.ended_reason == "refused" else "ended"
    if grant.granted_until is None:
        return "asked" if now < grant.asked_at + ASKED_FOR else "ended"
    return "granted" if now < grant.granted_until else "ended"
