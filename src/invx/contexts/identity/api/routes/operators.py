"""The operator plane: who runs the installation, and the tenants that it has."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.acts import listing, page_of
from invx.contexts.identity.api.edge import (
    OPERATOR,
    Edge,
    Identity,
    TenantId,
    stranger,
    whereabouts,
)
from invx.contexts.identity.api.operating import (
    Acting,
    Overseen,
    acted,
    found_tenant,
    operator_actor,
    tenant_view,
)
from invx.contexts.identity.api.proving import counting, recognised, shown_code
from invx.contexts.identity.api.schemas.acts import ActPageOut
from invx.contexts.identity.api.schemas.operators import (
    DefaultsIn,
    InstallationOut,
    OperatedTenantOut,
    OperatedTenantPageOut,
    OperatorSignInIn,
    OperatorTokenOut,
    QuotaClassIn,
    ReasonIn,
)
from invx.contexts.identity.app.sign_in_operator import SignInOperator, sign_in_operator
from invx.contexts.identity.domain import (
    announcement_events,
    operator_act_events,
    operator_events,
)
from invx.contexts.identity.domain.errors import (
    QuotaClassUnknown,
    TenantStateForbids,
)
from invx.contexts.identity.domain.operator_events import (
    DefaultQuotaClassGiven,
    QuotaClassGiven,
    ResumptionOrdered,
    SuspensionOrdered,
)
from invx.infra.codec import events_in
from invx.infra.http.answers import encode, json_response
from invx.infra.http.operating import AUDIENCE, LIFETIME
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import public
from invx.infra.http.problems import problem_responses
from invx.infra.oversight import Oversight, TenantEntry
from invx.infra.quotas import Quota
from invx.infra.storage.places import FileLimits
from invx.infra.tenancy import INSTALLATION, STANDARD
from invx.kernel.errors import Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/operator/v1", tags=["Operators"])

TENANTS = Listing(sorts={"id": str}, default_sort="id")
OF_OPERATORS = tuple(
    each.__name__ for each in events_in(operator_events, announcement_events, operator_act_events)
)
OPERATORS_ACTS = listing(OF_OPERATORS)
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "/sessions",
    status_code=201,
    operation_id="operators_sign_in",
    response_model=OperatorTokenOut,
    responses=problem_responses(401, 403, 422, 429),
    dependencies=[public()],
)
async def sign_in(body: OperatorSignInIn, request: Request, edge: Identity) -> Response:
    """Sign in as an operator, with a password and a code.

    The token opens this plane and nothing else, for a quarter of an hour; then sign in again. Who
    is no operator gets the same answer as for a wrong password, and waits as long.
    """
    caller = stranger(request)
    who = await recognised(edge, request, body.email, body.password)
    command = SignInOperator(
        user_id=who.user_id,
        verified_hash=who.password_hash,
        new_hash=who.new_hash,
        attempts=who.keys,
        code=await shown_code(edge, caller, who.user_id, body.code),
        address=whereabouts(request)[0],
    )
    now = edge.runner.clock.now()
    async with counting(edge, caller, who.keys):
        operator = await edge.runner.run(sign_in_operator, command, caller)
    token = edge.access.signer.sign(
        INSTALLATION,
        subject=operator_actor(operator.id),
        permissions=(),
        now=now.timestamp(),
        lifetime=LIFETIME,
        aud=AUDIENCE,
    )
    view = {
        "object": "operator_token",
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "operator": typeid(OPERATOR, operator.id),
    }
    return json_response(encode(view), 201, _NOT_KEPT)


@router.get("/installation", operation_id="operators_installation", response_model=InstallationOut)
async def installation(caller: Acting, oversight: Overseen) -> Response:
    """Read when the last backup was made. And what a tenant may take by its class of quotas.

    Classes and file limits are settings of the installation (`INVX_QUOTAS`, `INVX_FILE…`).
    """
    del caller
    return await _installation(oversight)


@router.put(
    "/installation/defaults",
    operation_id="operators_set_defaults",
    response_model=InstallationOut,
    responses=problem_responses(422),
)
async def set_defaults(
    body: DefaultsIn, caller: Acting, edge: Identity, oversight: Overseen
) -> Response:
    """Say in which class of quotas tenants are that nobody put into one.

    Those are the tenants in class `standard`: new ones, and sandboxes, too. It holds within a
    minute.
    """
    _ensure_known(oversight, body.quota_class)
    before = await oversight.default_class()
    await acted(edge, caller, DefaultQuotaClassGiven(before=before, after=body.quota_class))
    await oversight.classify_by_default(body.quota_class)
    edge.runner.directory.forget(INSTALLATION)
    return await _installation(oversight)


async def _installation(oversight: Oversight) -> Response:
    defaults = oversight.defaults
    quotas = [_quota(each, defaults.files) for each in defaults.quotas.values()]
    name = await oversight.default_class()
    standard = defaults.quotas.get(name, Quota(name))
    view = {
        "object": "installation",
        "last_backup_at": await oversight.last_backup(),
        "default_quota": _quota(standard, defaults.files),
        "quotas": quotas,
    }
    return json_response(encode(view))


@router.get(
    "/tenants",
    operation_id="operators_list_tenants",
    response_model=OperatedTenantPageOut,
)
async def list_(
    caller: Acting, query: Annotated[ListQuery, list_query(TENANTS)], oversight: Overseen
) -> Response:
    """List the tenants. Status, where they live, about how large and how busy; nothing inside.

    In the order in which they came, or with `sort=-id` the newest first.
    """
    del caller
    after = query.after.id if query.after else None
    found = await oversight.entries(after, query.limit + 1, descending=query.descending)
    page, more = found[: query.limit], len(found) > query.limit
    items = [encode(await _shown(oversight, entry)) for entry in page]
    last = page[-1].tenant_id if more else None
    following = query.cursor(str(last), last) if last else None
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/tenants/{tenant}",
    operation_id="operators_get_tenant",
    response_model=OperatedTenantOut,
    responses=problem_responses(404, 503),
)
async def get(tenant: TenantId, caller: Acting, oversight: Overseen) -> Response:
    """Read a tenant. Status, where it lives, about how large and how busy; nothing inside."""
    del caller
    return json_response(encode(await _shown(oversight, await found_tenant(oversight, tenant))))


@router.post(
    "/tenants/{tenant}/suspend",
    operation_id="operators_suspend_tenant",
    response_model=OperatedTenantOut,
    responses=problem_responses(404, 409, 422, 503),
)
async def suspend(
    tenant: TenantId, body: ReasonIn, caller: Acting, edge: Identity, oversight: Overseen
) -> Response:
    """Let nothing of a tenant be written: it can be read, its jobs and reactions wait.

    One that is suspended stays so; suspended again, what an earlier attempt left undone is done.
    """
    entry = await found_tenant(oversight, tenant)
    _ensure(entry, "active", "suspended")
    act = SuspensionOrdered(tenant_id=entry.tenant_id, reason=body.reason)
    await acted(edge, caller, act)
    await oversight.suspend(entry.tenant_id)
    return await _done(edge, oversight, entry)


@router.post(
    "/tenants/{tenant}/resume",
    operation_id="operators_resume_tenant",
    response_model=OperatedTenantOut,
    responses=problem_responses(404, 409, 422, 503),
)
async def resume(
    tenant: TenantId, body: ReasonIn, caller: Acting, edge: Identity, oversight: Overseen
) -> Response:
    """End the suspension of a tenant; what waited goes on."""
    entry = await found_tenant(oversight, tenant)
    _ensure(entry, "active", "suspended")
    act = ResumptionOrdered(tenant_id=entry.tenant_id, reason=body.reason)
    await acted(edge, caller, act)
    await oversight.resume(entry.tenant_id)
    return await _done(edge, oversight, entry)


@router.put(
    "/tenants/{tenant}/quota-class",
    operation_id="operators_classify_tenant",
    response_model=OperatedTenantOut,
    responses=problem_responses(404, 409, 422, 503),
)
async def classify(
    tenant: TenantId, body: QuotaClassIn, caller: Acting, edge: Identity, oversight: Overseen
) -> Response:
    """Put a tenant into a class of quotas; holds within a minute everywhere."""
    _ensure_known(oversight, body.quota_class)
    entry = await found_tenant(oversight, tenant)
    _ensure(entry, "active", "suspended")
    act = QuotaClassGiven(
        tenant_id=entry.tenant_id, before=entry.quota_class, after=body.quota_class
    )
    await acted(edge, caller, act)
    await oversight.classify(entry.tenant_id, body.quota_class)
    return await _done(edge, oversight, entry)


@router.get("/acts", operation_id="operators_list_acts", response_model=ActPageOut)
async def acts(
    caller: Acting, query: Annotated[ListQuery, list_query(OPERATORS_ACTS)], edge: Identity
) -> Response:
    """List what operators did, the newest first. Each act is an event, chained and sealed.

    An act is recorded before it is done: one that failed stands there too. So are those of commands
    (`operator_act_begun`, `operator_act_ended`). What users do to their
    own accounts is not shown here.
    """
    return await page_of(edge, caller, query, OF_OPERATORS, only=True)


def _ensure_known(oversight: Oversight, name: str) -> None:
    known = {STANDARD, *oversight.defaults.quotas}
    if name not in known:
        said = f"There are {', '.join(sorted(known))}."
        raise QuotaClassUnknown(problems=[Problem("/quota_class", "quota_class_unknown", said)])


def _ensure(entry: TenantEntry, *statuses: str) -> None:
    if entry.status not in statuses:
        raise TenantStateForbids(f"The tenant is {entry.status}.")


async def _shown(oversight: Oversight, entry: TenantEntry) -> dict[str, Any]:
    return tenant_view(entry, await oversight.figures(entry))


async def _done(edge: Edge, oversight: Oversight, entry: TenantEntry) -> Response:
    """The tenant as it is now; this process sees it at once."""
    edge.runner.directory.forget(entry.tenant_id)
    return json_response(encode(await _shown(oversight, await oversight.entry(entry.tenant_id))))


def _quota(quota: Quota, files: FileLimits) -> dict[str, Any]:
    allowed = quota.files or files
    bounded = quota.requests_per_second is not None
    return {
        "name": quota.name,
        "requests_per_second": quota.requests_per_second,
        "burst": quota.burst if bounded else None,
        "files": allowed.files,
        "files_bytes": allowed.all_bytes,
        "file_bytes": allowed.file_bytes,
    }
