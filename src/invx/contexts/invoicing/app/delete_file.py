"""Delete an uploaded file that no document names: its row, its name, and soon its bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.forget_files import forget_soon
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.files.file import FileInUse
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class DeleteFile(Command):
    file_id: UUID


async def delete_file(command: DeleteFile, uow: InvoicingUnitOfWork) -> None:
    """It is gone. Raises FileNotFound, FileInUse."""
    file = await uow.files.get(command.file_id)
    file.ensure_exists()
    if await uow.attached.in_use([file.id]):
        raise FileInUse
    await let_go([file.id], uow)


async def let_go(file_ids: Sequence[UUID], uow: InvoicingUnitOfWork) -> None:
    """Delete files that nothing names, with their names; their bytes go after the transaction."""
    if not file_ids:
        return
    await uow.personal_data.erase(file_ids, file_ids, archives_of=())
    for id in file_ids:
        (await uow.files.get(id)).delete()
    forget_soon(await uow.attached.drop(file_ids), uow)
