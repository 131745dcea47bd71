"""What operators ask tenants for, and tell them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    ANNOUNCEMENT,
    TENANT,
    AnnouncementId,
    Edge,
    Identity,
    TenantId,
)
from invx.contexts.identity.api.exchanging import LIFETIME
from invx.contexts.identity.api.operating import (
    Acting,
    Overseen,
    acted,
    announcement_view,
    found_tenant,
    grant_view,
    grant_viewed,
    operator_of,
)
from invx.contexts.identity.api.schemas.operators import (
    AnnouncementIn,
    MadeAnnouncementListOut,
    MadeAnnouncementOut,
    SupportGrantOut,
    SupportRequestIn,
    SupportTokenOut,
)
from invx.contexts.identity.app.ask_support import AskSupport, ask_support
from invx.contexts.identity.app.end_support import LeaveSupport, end_support, leave_support
from invx.contexts.identity.app.enter_support import EnterSupport, enter_support
from invx.contexts.identity.app.make_announcement import (
    MakeAnnouncement,
    WithdrawAnnouncement,
    make_announcement,
    withdraw_announcement,
)
from invx.contexts.identity.domain.errors import (
    AnnouncementNotFound,
    SupportNotGranted,
    SupportPermissionRefused,
)
from invx.contexts.identity.domain.operator_events import TenantAccessAsked, TenantEntered
from invx.contexts.identity.domain.support import reading, supportable
from invx.contexts.identity.read.operators import (
    AnnouncementView,
    SupportGrantView,
    good_support_grant,
    list_announcements,
)
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.problems import problem_responses
from invx.infra.tenancy import TenantClosed
from invx.kernel.context import Caller
from invx.kernel.errors import Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/operator/v1", tags=["Operators"])

_NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "/tenants/{tenant}/support-requests",
    status_code=201,
    operation_id="operators_ask_support",
    response_model=SupportGrantOut,
    responses=problem_responses(404, 409, 422, 503),
)
async def ask(
    tenant: TenantId, body: SupportRequestIn, caller: Acting, edge: Identity, oversight: Overseen
) -> Response:
    """Ask a tenant to be let in. Its owners and admins see who asks, and why.

    One request at a time: asked again, the one before ends, and what was granted by it.
    """
    entry = await found_tenant(oversight, tenant)
    permissions = _asked(edge, body.permissions)
    grant_id = edge.ids.new()
    act = TenantAccessAsked(tenant_id=entry.tenant_id, support_grant_id=grant_id)
    operator = await acted(edge, caller, act)
    command = AskSupport(
        support_grant_id=grant_id,
        operator_id=operator.id,
        operator=operator.name or "",
        reason=body.reason,
        permissions=permissions,
    )
    inside = Caller(entry.tenant_id, caller.actor, caller.correlation_id)
    grant = await edge.runner.run(ask_support, command, inside)
    view = grant_view(grant_viewed(grant), edge.runner.clock.now())
    return json_response(encode(view), 201)


@router.post(
    "/tenants/{tenant}/token",
    operation_id="operators_enter_tenant",
    response_model=SupportTokenOut,
    responses=problem_responses(403, 404, 409, 503),
)
async def enter(tenant: TenantId, caller: Acting, edge: Identity, oversight: Overseen) -> Response:
    """Get a token of a tenant that let you in. For what was granted, five minutes at most.

    The tenant sees each of them among its acts. It ends with the grant, within five seconds where
    that is revoked. Nobody enters a tenant that is suspended, since nothing could be noted there.
    """
    entry = await found_tenant(oversight, tenant)
    now = edge.runner.clock.now()  # before anything is read: a revocation since then counts
    good = await _granted(edge, caller, entry.tenant_id)
    act = TenantEntered(tenant_id=entry.tenant_id, support_grant_id=good.support_grant_id)
    operator = await acted(edge, caller, act)
    inside = Caller(entry.tenant_id, caller.actor, caller.correlation_id)
    grant = await edge.runner.run(enter_support, EnterSupport(operator.id), inside)
    until = min(now + LIFETIME, grant.granted_until or now)
    lifetime = timedelta(seconds=int((until - now).total_seconds()))
    permissions = sorted(supportable(edge.access.permissions).intersection(grant.permissions))
    token = edge.access.signer.sign(
        entry.tenant_id,
        subject=caller.actor,
        permissions=permissions,
        now=now.timestamp(),
        lifetime=lifetime,
    )
    view = {
        "object": "support_token",
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(lifetime.total_seconds()),
        "tenant": typeid(TENANT, entry.tenant_id),
        "permissions": permissions,
        "granted_until": grant.granted_until,
    }
    return json_response(encode(view), 200, _NOT_KEPT)


@router.delete(
    "/tenants/{tenant}/support-requests",
    status_code=204,
    operation_id="operators_leave_support",
    responses=problem_responses(404, 503),
)
async def leave(tenant: TenantId, caller: Acting, edge: Identity, oversight: Overseen) -> Response:
    """End what you asked a tenant for, and what was granted by it. Your tokens end within seconds.

    In a suspended tenant the tokens of everybody end, who get new ones; your request ends when the
    tenant is resumed, since nothing is written there before.
    """
    entry = await found_tenant(oversight, tenant)
    command = LeaveSupport(operator_of(caller), entry.tenant_id)
    ending = await edge.runner.run(leave_support, command, caller)
    inside = Caller(entry.tenant_id, caller.actor, caller.correlation_id)
    try:
        await edge.runner.run(end_support, ending, inside)
    except TenantClosed:
        await oversight.refuse_tokens_before(entry.tenant_id, edge.runner.clock.now())
    return no_content()


@router.get(
    "/announcements",
    operation_id="operators_list_announcements",
    response_model=MadeAnnouncementListOut,
)
async def list_(caller: Acting, edge: Identity) -> Response:
    """List all announcements, also those that are over or withdrawn, the newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_announcements(conn, ctx)
    return json_response(encode({"object": "list", "data": [_view(each) for each in found]}))


@router.post(
    "/announcements",
    status_code=201,
    operation_id="operators_announce",
    response_model=MadeAnnouncementOut,
    responses=problem_responses(422),
)
async def announce(body: AnnouncementIn, caller: Acting, edge: Identity) -> Response:
    """Tell all tenants something, from one moment until another."""
    command = MakeAnnouncement(
        text=body.text,
        severity=body.severity,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
    )
    made = await edge.runner.run(make_announcement, command, caller)
    view = _view(
        AnnouncementView(
            made.id,
            made.text,
            made.severity,
            made.starts_at,
            made.ends_at,
            made.made_by,
            made.made_at,
            made.withdrawn_at,
        )
    )
    return created(encode(view), f"/operator/v1/announcements/{view['id']}")


@router.delete(
    "/announcements/{announcement}",
    operation_id="operators_withdraw_announcement",
    status_code=204,
    responses=problem_responses(404),
)
async def withdraw(announcement: AnnouncementId, caller: Acting, edge: Identity) -> Response:
    """Show an announcement no more. It stays in the list of operators."""
    id = id_of(ANNOUNCEMENT, announcement, AnnouncementNotFound)
    await edge.runner.run(withdraw_announcement, WithdrawAnnouncement(id), caller)
    return no_content()


async def _granted(edge: Edge, caller: Caller, tenant_id: UUID) -> SupportGrantView:
    """What lets the operator in now. Raises SupportNotGranted; the tenant decides again later."""
    inside = Caller(tenant_id, caller.actor, caller.correlation_id)
    async with edge.runner.reading(inside) as (conn, ctx):
        now = edge.runner.clock.now()
        found = await good_support_grant(conn, ctx, operator_of(caller), now)
    if found is None:
        raise SupportNotGranted
    return found


def _asked(edge: Edge, permissions: Sequence[str] | None) -> Sequence[str]:
    known = edge.access.permissions
    if permissions is None:
        return sorted(reading(known))
    allowed = supportable(known)
    problems = [
        Problem(f"/permissions/{index}", "not_for_support", f"No operator gets {each}.")
        for index, each in enumerate(permissions)
        if each not in allowed
    ]
    if problems:
        raise SupportPermissionRefused(problems=problems)
    return permissions


def _view(announcement: AnnouncementView) -> dict[str, object]:
    return {
        **announcement_view(announcement),
        "made_by": announcement.made_by,
        "made_at": announcement.made_at,
        "withdrawn_at": announcement.withdrawn_at,
    }
