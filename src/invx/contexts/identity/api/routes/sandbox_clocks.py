"""The clocks of sandboxes: moved ahead step by step, so that a year passes in minutes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    OPERATION,
    TENANT,
    AdvanceId,
    Identity,
    Once,
    SandboxId,
    answered,
)
from invx.contexts.identity.api.routes.sandboxes import Reader, Writer, asked_by
from invx.contexts.identity.api.schemas.sandboxes import ClockAdvanceOut, ClockIn
from invx.contexts.identity.app.advance_clock import AdvanceClock, advance_clock
from invx.contexts.identity.app.cancel_advance import CancelAdvance, cancel_advance
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.resume_advance import ResumeAdvance, resume_advance
from invx.contexts.identity.domain.errors import SandboxNotFound
from invx.contexts.identity.read.sandboxes import get_sandbox, problem_of
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.infra.operations import SUBJECT, get_operation
from invx.kernel.ids import typeid
from invx.kernel.operations import Operation, OperationNotFound

router = APIRouter(prefix="/v1/sandboxes/{sandbox}/clock", tags=["Sandboxes"])


@router.post(
    "",
    operation_id="sandboxes_advance_clock",
    status_code=202,
    response_model=ClockAdvanceOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def advance(
    sandbox: SandboxId, body: ClockIn, caller: Writer, once: Once, edge: Identity
) -> Response:
    """Move the clock ahead, to a moment or by a span.

    The answer says where to ask how far it is. The clock stops at each time at which something
    becomes due, until that is done. Due work that cannot be done ends the advance, and is named.
    """
    command = AdvanceClock(
        asked_from=caller.tenant_id,
        sandbox_id=id_of(TENANT, sandbox, SandboxNotFound),
        to=body.to,
        by=body.by or "",
    )

    def show(operation: Operation, unit: IdentityUnitOfWork) -> Answer:
        del unit
        view = _view(operation, None)
        where = f"/v1/sandboxes/{view['sandbox']}/clock/{view['id']}"
        return Answer(202, encode(view), {**_JSON, "location": where})

    asking = await asked_by(edge, caller, write=True)
    return await answered(edge, advance_clock, command, asking, show=show, once=once)


@router.get(
    "/{operation}",
    operation_id="sandboxes_get_advance",
    response_model=ClockAdvanceOut,
    responses=problem_responses(404),
)
async def get(sandbox: SandboxId, operation: AdvanceId, caller: Reader, edge: Identity) -> Response:
    """Read how far the clock is on its way, and what stopped it."""
    sandbox_id = id_of(TENANT, sandbox, SandboxNotFound)
    async with edge.runner.reading(await asked_by(edge, caller)) as (conn, ctx):
        await get_sandbox(conn, ctx, caller.tenant_id, sandbox_id)
        found = await get_operation(conn, ctx, edge.runner.database.schema, _id(operation))
        if found.settings[SUBJECT] != str(sandbox_id):
            raise OperationNotFound
        problem = await problem_of(conn, ctx, found.operation_id)
    return json_response(encode(_view(found, problem)))


@router.post(
    "/{operation}/cancel",
    operation_id="sandboxes_cancel_advance",
    response_model=ClockAdvanceOut,
    responses=problem_responses(404, 409),
)
async def cancel(
    sandbox: SandboxId, operation: AdvanceId, caller: Writer, once: Once, edge: Identity
) -> Response:
    """Let the clock stay where it is by now, and run on from there."""
    command = CancelAdvance(
        asked_from=caller.tenant_id,
        sandbox_id=id_of(TENANT, sandbox, SandboxNotFound),
        operation_id=_id(operation),
    )
    asking = await asked_by(edge, caller, write=True)
    return await answered(edge, cancel_advance, command, asking, show=_show, once=once)


@router.post(
    "/{operation}/resume",
    operation_id="sandboxes_resume_advance",
    response_model=ClockAdvanceOut,
    responses=problem_responses(404, 409),
)
async def resume(
    sandbox: SandboxId, operation: AdvanceId, caller: Writer, once: Once, edge: Identity
) -> Response:
    """Go on after a cancel or a stop, without the work that is parked by now."""
    command = ResumeAdvance(
        asked_from=caller.tenant_id,
        sandbox_id=id_of(TENANT, sandbox, SandboxNotFound),
        operation_id=_id(operation),
    )
    asking = await asked_by(edge, caller, write=True)
    return await answered(edge, resume_advance, command, asking, show=_show, once=once)


def _show(operation: Operation, unit: IdentityUnitOfWork) -> Answer:
    del unit
    return Answer(200, encode(_view(operation, None)), _JSON)


def _view(operation: Operation, problem: str | None) -> dict[str, Any]:
    return {
        "object": "operation",
        "id": typeid(OPERATION, operation.operation_id),
        "kind": operation.kind,
        "state": str(operation.state),
        "sandbox": typeid(TENANT, UUID(operation.settings[SUBJECT])),
        "until": datetime.fromisoformat(operation.settings["until"]),
        "total": operation.total,
        "done": operation.done,
        "failed": operation.failed,
        "progress": f"{operation.done / operation.total:.4f}",
        "problem": msgspec.json.decode(problem) if problem else None,
        "created_at": operation.created_at,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
    }


def _id(text: str) -> UUID:
    return id_of(OPERATION, text, OperationNotFound)


_JSON = {"content-type": "application/json"}
