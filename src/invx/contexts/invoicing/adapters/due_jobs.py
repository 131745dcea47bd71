"""Due jobs, from their payload to the command."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.adapters.works import WORKS
from invx.contexts.invoicing.app.apply_exchange_rates import (
    APPLY,
    ApplyExchangeRates,
    apply_exchange_rates,
)
from invx.contexts.invoicing.app.archive_document import ArchiveDocuments, archive_documents
from invx.contexts.invoicing.app.ask_transmission import AskTransmission, ask_transmission
from invx.contexts.invoicing.app.begin_charging import BeginCharging, begin_charging
from invx.contexts.invoicing.app.charge_late_fees import ChargeLateFees, charge_late_fees
from invx.contexts.invoicing.app.charge_soon import BEGIN, CHARGE
from invx.contexts.invoicing.app.close_by_schedule import JOB as CLOSE_PERIODS
from invx.contexts.invoicing.app.close_by_schedule import CloseBySchedule, close_by_schedule
from invx.contexts.invoicing.app.end_grace import EndGrace, end_grace
from invx.contexts.invoicing.app.erase import JOB as ERASE_AGAIN
from invx.contexts.invoicing.app.erase import EraseAgain, erase_again
from invx.contexts.invoicing.app.escalate_approval import (
    ESCALATE,
    EscalateApproval,
    escalate_approval,
)
from invx.contexts.invoicing.app.forget_files import JOB as FORGET_FILES
from invx.contexts.invoicing.app.forget_files import forget_files, to_forget
from invx.contexts.invoicing.app.give_grace import JOB as END_GRACE
from invx.contexts.invoicing.app.mark_overdue import MarkOverdue, mark_overdue
from invx.contexts.invoicing.app.portions import documents_of, schedule_for, split
from invx.contexts.invoicing.app.publish_exchange_rates import SPREAD
from invx.contexts.invoicing.app.recognize_revenue import (
    RECOGNIZE_REVENUE,
    RecognizeRevenue,
    recognize_revenue,
)
from invx.contexts.invoicing.app.send_transmission import SendTransmission, send_transmission
from invx.contexts.invoicing.app.spread_exchange_rates import (
    SpreadExchangeRates,
    spread_exchange_rates,
)
from invx.contexts.invoicing.app.tell_engine import JOB as TELL_ENGINE
from invx.contexts.invoicing.app.tell_engine import TellEngine, tell_engine
from invx.infra.context import Job
from invx.infra.operations import JOB as OPERATION
from invx.infra.operations import work_on
from invx.kernel import limits

PDFS_AT_ONCE_MAX = 16  # of a job; all are in memory


async def _archive(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    if split("archive_document", payload, uow):
        return
    ids = documents_of(payload)
    await archive_documents(ArchiveDocuments(ids[:PDFS_AT_ONCE_MAX]), uow)
    schedule_for("archive_document", ids[PDFS_AT_ONCE_MAX:], uow.ctx.now, uow)


async def _overdue(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    if not split("mark_overdue", payload, uow):
        await mark_overdue(MarkOverdue(documents_of(payload)), uow)


async def _end_grace(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    last = payload["attempt"] >= limits.REACTION_ATTEMPTS_MAX
    await end_grace(EndGrace(UUID(payload["key"]), last), uow)


async def _escalate(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await escalate_approval(EscalateApproval(UUID(payload["key"])), uow)


async def _operate(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await work_on(payload, uow.operations, WORKS, uow)


async def _tell_engine(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await tell_engine(TellEngine(UUID(payload["key"])), uow)


async def _forget_files(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await forget_files(to_forget(payload), uow)


async def _erase_again(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await erase_again(EraseAgain(UUID(payload["key"])), uow)


async def _charge(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    last = payload["attempt"] >= limits.REACTION_ATTEMPTS_MAX
    await charge_late_fees(ChargeLateFees(UUID(payload["key"]), last), uow)


async def _begin_charging(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    after = payload.get("after")
    entity_id = UUID(payload["entity"] if after else payload["key"])
    await begin_charging(BeginCharging(entity_id, UUID(after) if after else None), uow)


async def _close_periods(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await close_by_schedule(CloseBySchedule(UUID(payload["key"])), uow)


async def _recognize(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await recognize_revenue(RecognizeRevenue(UUID(payload["key"])), uow)


async def _spread_rates(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    after = payload.get("after")
    await spread_exchange_rates(SpreadExchangeRates(UUID(after) if after else None), uow)


async def _apply_rates(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await apply_exchange_rates(ApplyExchangeRates(UUID(payload["key"])), uow)


async def _send(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    command = SendTransmission(UUID(payload["document"]), UUID(payload["key"]))
    await send_transmission(command, uow)


async def _ask(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    document_id, transmission_id = UUID(payload["document"]), UUID(payload["key"])
    await ask_transmission(AskTransmission(document_id, transmission_id, payload["asked"]), uow)


DUE_JOBS: dict[str, Job] = {
    FORGET_FILES: _forget_files,
    "archive_document": _archive,
    "mark_overdue": _overdue,
    END_GRACE: _end_grace,
    ESCALATE: _escalate,
    TELL_ENGINE: _tell_engine,
    RECOGNIZE_REVENUE: _recognize,
    OPERATION: _operate,
    CLOSE_PERIODS: _close_periods,
    CHARGE: _charge,
    BEGIN: _begin_charging,
    ERASE_AGAIN: _erase_again,
    SPREAD: _spread_rates,
    APPLY: _apply_rates,
    "send_transmission": _send,
    "ask_transmission": _ask,
}
