"""A batch of new invoices in one request: each accepted or rejected, and none of them twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from invx.contexts.invoicing.app.asked import GivenAnswer
from invx.contexts.invoicing.app.bulk_invoices import (
    BulkInvoices,
    NewInvoice,
    Outcome,
    bulk_invoices,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.errors import Conflict, DomainError
from invx.kernel.messages import Command


class ItemKeyReused(Conflict):
    """This key was used for another item."""


@dataclass(frozen=True, slots=True)
class ItemKey:
    """What an item is recognised by, and what it says; both as hashes."""

    key_hash: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BatchItem:
    """An invoice to be written, or why the request for it cannot even be read."""

    wanted: NewInvoice | DomainError
    key: ItemKey | None = None


@dataclass(frozen=True, slots=True)
class BatchInvoices(Command):
    items: Sequence[BatchItem]


Result = Outcome | GivenAnswer


async def batch_invoices(command: BatchInvoices, uow: InvoicingUnitOfWork) -> Sequence[Result]:
    """What became of each item, in order; what was accepted before under its key is that answer."""
    results: dict[int, Result] = {}
    keys = {index: item.key for index, item in enumerate(command.items) if item.key is not None}
    given = await uow.given_answers([key.key_hash for key in keys.values()]) if keys else {}
    seen: set[str] = set()
    for index, key in keys.items():
        answer = given.get(key.key_hash)
        if key.key_hash in seen or (answer and answer.fingerprint != key.fingerprint):
            results[index] = ItemKeyReused()
        elif answer:
            results[index] = answer
        seen.add(key.key_hash)
    new: dict[int, NewInvoice] = {}
    for index, item in enumerate(command.items):
        if index in results:
            continue
        if isinstance(item.wanted, DomainError):
            results[index] = item.wanted
        else:
            new[index] = item.wanted
    outcomes = await bulk_invoices(BulkInvoices(list(new.values())), uow)
    results |= dict(zip(new, outcomes, strict=True))
    return [results[index] for index in range(len(command.items))]
