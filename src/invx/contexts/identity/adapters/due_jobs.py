"""The due jobs of identity, by kind: what each payload asks for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.identity.adapters.unit_of_work import UnitOfWork
from invx.contexts.identity.app.advance_clock import step_clock
from invx.contexts.identity.app.end_sandbox import END_SANDBOX, EraseSandbox, erase_sandbox
from invx.contexts.identity.app.end_support import END_SUPPORT, EndSupport, see_support_end
from invx.contexts.identity.app.erase_user import LEAVE_TENANT, LeaveSoon, leave_soon
from invx.infra.context import Job
from invx.infra.operations import JOB as OPERATION


async def _erase(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await erase_sandbox(EraseSandbox(UUID(payload["key"])), uow)


async def _step(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await step_clock(payload, uow)


async def _leave(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    user_id, tenant_id = payload["key"].split(":")
    await leave_soon(LeaveSoon(UUID(user_id), UUID(tenant_id)), uow)


async def _end_support(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    operator_id, tenant_id = payload["key"].split(":")
    until = payload["asked_until"]
    ending = EndSupport(
        UUID(operator_id), payload["reason"], datetime.fromisoformat(until) if until else None
    )
    await see_support_end(UUID(tenant_id), ending, uow)


JOBS: dict[str, Job] = {
    END_SANDBOX: _erase,
    OPERATION: _step,
    LEAVE_TENANT: _leave,
    END_SUPPORT: _end_support,
}
