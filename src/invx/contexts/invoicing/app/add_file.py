"""Take in an uploaded file: its bytes go to the storage, then a transaction names it."""

from dataclasses import dataclass

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.files.file import File, FileQuotaExceeded
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class Quota:
    """How many files a tenant may have, and of how many bytes together."""

    files: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFile(Command):
    """`sha256` is that of the content; `media_type` is what the bytes are, not what was said."""

    name: str
    media_type: str
    content: bytes
    sha256: str
    quota: Quota


async def add_file(command: AddFile, uow: InvoicingUnitOfWork) -> File:
    """The new file; the same bytes again are another one, stored once. Raises FileQuotaExceeded."""
    count, size = await uow.attached.total()
    wanted = len(command.content)
    if count >= command.quota.files:
        raise FileQuotaExceeded(
            f"There are {count} files; no more than {command.quota.files} may be."
        )
    if size + wanted > command.quota.size:
        left = max(0, command.quota.size - size)
        raise FileQuotaExceeded(f"{left} bytes are left of {command.quota.size}; it has {wanted}.")
    [stored] = await uow.facts.need(uow.storing.given(command.content, command.sha256))
    file = File.add(
        uow.ids.new(),
        name=command.name,
        media_type=command.media_type,
        sha256=stored.sha256,
        size=stored.size,
        now=uow.ctx.now,
    )
    uow.files.add(file)
    uow.attached.keep(file.id, stored)
    return file
