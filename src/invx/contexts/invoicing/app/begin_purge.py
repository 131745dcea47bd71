"""Begin a purge: first a trial that writes nothing, then the purge of what the trial let pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.keeping.purging import NotATrial, TrialUnfinished
from invx.kernel.messages import Command
from invx.kernel.operations import Operation, OperationState

PURGE_TRIAL, PURGE = "purge_trial", "purge"


@dataclass(frozen=True, slots=True)
class TryPurge(Command):
    """On what seems to have outlived its retention; the trial looks at each."""

    document_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class BeginPurge(Command):
    """Of what a trial let pass: `document_ids` are its items that are done."""

    trial_id: UUID
    document_ids: Sequence[UUID]


async def try_purge(command: TryPurge, uow: InvoicingUnitOfWork) -> Operation:
    """The trial, as an operation. Raises SelectionEmpty."""
    return await uow.operations.open(PURGE_TRIAL, command.document_ids, {})


async def begin_purge(command: BeginPurge, uow: InvoicingUnitOfWork) -> Operation:
    """The purge, as an operation. Each document is judged again when its turn comes.

    Raises OperationNotFound, NotATrial, TrialUnfinished; SelectionEmpty where nothing passed.
    """
    trial = await uow.operations.locked(command.trial_id)
    if trial.kind != PURGE_TRIAL:
        raise NotATrial
    if trial.state is not OperationState.DONE:
        raise TrialUnfinished
    return await uow.operations.open(PURGE, command.document_ids, {"trial": str(command.trial_id)})
