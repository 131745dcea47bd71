"""Jobs on many documents: one row for as many as are worked on together.

One that fails must not hold up the others, nor be tried with them without end: a portion that
failed is split, and each of its documents is a job of its own, tried again and parked by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork

DOCUMENTS_PER_JOB_MAX = 100


def schedule_for(
    kind: str, ids: Sequence[UUID], due_at: datetime, uow: InvoicingUnitOfWork
) -> None:
    """A job of this kind on all of these documents, in as few rows as may be."""
    for at in range(0, len(ids), DOCUMENTS_PER_JOB_MAX):
        some = [str(id) for id in ids[at : at + DOCUMENTS_PER_JOB_MAX]]
        uow.jobs.schedule(kind, some[0], due_at=due_at, payload={"documents": some})


def documents_of(payload: Mapping[str, Any]) -> list[UUID]:
    """The documents of a job; one by itself is its key."""
    return [UUID(id) for id in payload.get("documents", [payload["key"]])]


def split(kind: str, payload: Mapping[str, Any], uow: InvoicingUnitOfWork) -> bool:
    """Whether the job failed before and is now as many jobs as it has documents."""
    ids = documents_of(payload)
    if len(ids) == 1 or payload["attempt"] == 1:
        return False
    for id in ids:
        # Not the moment at which this one was due: its own row begins anew.
        uow.jobs.schedule(kind, str(id), due_at=uow.ctx.now, payload={})
    return True
