"""Ask a channel what has become of a document: a due job, or because somebody says so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.invoicing.app.note_answer import note_answer
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.transmit_document import Transmitted
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    NothingToAsk,
    TransmissionNotFound,
)
from invx.contexts.invoicing.domain.delivery.pacing import next_question
from invx.contexts.invoicing.domain.delivery.transmission import Verdict
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class AskTransmission(Command):
    """`asked` counts how often it was asked before."""

    document_id: UUID
    transmission_id: UUID
    asked: int = 0


async def ask_transmission(command: AskTransmission, uow: InvoicingUnitOfWork) -> None:
    """Remember what the channel says, and when to ask again; harmless when all is said."""
    delivery = await uow.deliveries.get(delivery_id(command.document_id))
    try:
        transmission = delivery.ensure_askable(command.transmission_id)
    except NothingToAsk:
        return
    receipt = transmission.receipt or ""
    fact = uow.transmissions.ask(transmission.channel, receipt, command.asked)
    [answer] = await uow.facts.need(fact)
    document = await uow.documents.get(command.document_id)
    await note_answer(document, delivery, transmission.id, answer, uow)
    if not answer.more and answer.verdict is not Verdict.UNREACHABLE:
        return
    asked = command.asked + 1
    if next_question(asked, uow.ctx.now) is None:
        delivery.give_up_asking(transmission.id, now=uow.ctx.now)
        document.note_way(delivery.way)
    else:
        schedule_asking(document.id, transmission.id, asked, uow)


async def ask_now(command: AskTransmission, uow: InvoicingUnitOfWork) -> Transmitted:
    """Let the job be due now: what a call from the far side leads to.

    Nothing that the caller says is believed; the channel itself is asked. Raises
    TransmissionNotFound, NothingToAsk.
    """
    document = await uow.documents.get(command.document_id)
    document.ensure_exists()
    delivery = await uow.deliveries.find(delivery_id(document.id))
    if delivery is None:
        raise TransmissionNotFound
    transmission = delivery.ensure_askable(command.transmission_id)
    _schedule(document.id, transmission.id, 0, uow.ctx.now, uow)
    return Transmitted(document, transmission)


def schedule_asking(
    document_id: UUID, transmission_id: UUID, asked: int, uow: InvoicingUnitOfWork
) -> None:
    """Ask again later, unless it was asked too often already."""
    if (due_at := next_question(asked, uow.ctx.now)) is not None:
        _schedule(document_id, transmission_id, asked, due_at, uow)


def _schedule(
    document_id: UUID,
    transmission_id: UUID,
    asked: int,
    due_at: datetime,
    uow: InvoicingUnitOfWork,
) -> None:
    uow.jobs.schedule(
        "ask_transmission",
        str(transmission_id),
        due_at=due_at,
        payload={"document": str(document_id), "asked": asked},
    )
