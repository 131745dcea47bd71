"""Delete the bytes of files that nothing names any more, soon after the last that did is gone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel import limits
from invx.kernel.messages import Command
from invx.kernel.storage import Stored

JOB = "forget_files"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ForgetFiles(Command):
    key: str
    files: Sequence[Stored]
    attempt: int


def forget_soon(files: Sequence[Stored], uow: InvoicingUnitOfWork) -> None:
    """Have them deleted once this transaction is through; what is still named then stays."""
    for at in range(0, len(files), _AT_ONCE):
        some = files[at : at + _AT_ONCE]
        named = "".join(sorted(f"{each.place}/{each.sha256};" for each in some))
        _schedule(hashlib.sha256(named.encode()).hexdigest(), some, 0, uow)


def to_forget(payload: Mapping[str, Any]) -> ForgetFiles:
    """The command of a due job."""
    files = [Stored(*each) for each in payload["files"]]
    return ForgetFiles(payload["key"], files, payload["tried"])


async def forget_files(command: ForgetFiles, uow: InvoicingUnitOfWork) -> None:
    """Delete those that nothing names. One that somebody put just now is looked at again later."""
    unnamed = await uow.storing.unnamed(command.files)
    if not unnamed:
        return
    [young] = await uow.facts.need(uow.storing.forgotten(unnamed, command.attempt))
    if young:
        _schedule(command.key, young, command.attempt + 1, uow)


def _schedule(key: str, files: Sequence[Stored], tried: int, uow: InvoicingUnitOfWork) -> None:
    wait = timedelta(seconds=limits.STORED_UNNAMED_SECONDS if tried else 0)
    listed = [[each.sha256, each.size, each.place] for each in files]
    payload = {"files": listed, "tried": tried}
    uow.jobs.schedule(JOB, key, due_at=uow.ctx.now + wait, payload=payload)
