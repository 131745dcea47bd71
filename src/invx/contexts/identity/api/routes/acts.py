"""Who did what, from where."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.acts import (
    FORMATS,
    exported,
    filter_of,
    format_of,
    listing,
    page_of,
    written,
)
from invx.contexts.identity.api.edge import Identity, OneselfReader, installed, user_of
from invx.contexts.identity.api.schemas.acts import ActPageOut
from invx.contexts.identity.domain import (
    api_key_events,
    invitation_events,
    member_events,
    role_events,
    session_events,
    support_events,
    user_events,
)
from invx.infra.codec import events_in
from invx.infra.http.pagination import ListQuery, list_query
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.streaming import StreamedResponse
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Audit"])

IN_TENANT = tuple(
    event.__name__
    for event in events_in(
        member_events, api_key_events, role_events, invitation_events, support_events
    )
)
OF_PERSON = tuple(event.__name__ for event in events_in(user_events, session_events))
TENANT_ACTS, PERSONS_ACTS = listing(IN_TENANT), listing(OF_PERSON)
EXPORTED_ACTS = exported(TENANT_ACTS)

Reader = Annotated[Caller, requires("audit:read")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as it is made.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
        },
    },
    **problem_responses(422, 503),
}


@router.get("/audit/acts", operation_id="acts_list", response_model=ActPageOut)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(TENANT_ACTS)], edge: Identity
) -> Response:
    """List who did what to the access to this tenant, the newest first.

    Who came in, from where; who changed members, roles, invitations and API keys; which operators
    were let in. `before` and `after` say what changed. Documents have a history of their own.
    """
    return await page_of(edge, caller, query, IN_TENANT)


@router.get(
    "/audit/acts/export",
    operation_id="acts_export",
    response_class=Response,
    responses=_FILE,
)
async def export(
    caller: Reader, query: Annotated[ListQuery, list_query(EXPORTED_ACTS)], edge: Identity
) -> Response:
    """Export the acts as of this moment, the oldest first.

    `format` is `csv` or `jsonl`. Filters are those of the list. `limit`, `sort` and `after` are
    without meaning here.
    """
    format, wanted = format_of(query), filter_of(query, IN_TENANT)
    edge.exports.take()
    return StreamedResponse(
        await edge.exports.begun(lambda: written(edge, caller, format, wanted)),
        media_type=FORMATS[format],
        headers={"content-disposition": f'attachment; filename="acts.{format}"'},
    )


@router.get("/me/acts", operation_id="me_list_acts", response_model=ActPageOut)
async def of_person(
    caller: OneselfReader, query: Annotated[ListQuery, list_query(PERSONS_ACTS)], edge: Identity
) -> Response:
    """List what happened to your own account.

    Sign-ins and from where, sessions that ended.
    """
    return await page_of(edge, installed(caller), query, OF_PERSON, user_of(caller))
