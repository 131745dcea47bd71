"""An envelope as a message of the broker: its own fields as JSON, the contract's text unchanged."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import aio_pika
import msgspec
from aio_pika.abc import AbstractIncomingMessage

from invx.infra.rotation import LANES
from invx.kernel.messages import Envelope


class MessageMalformed(Exception):
    """The message is no envelope of ours: it can never be taken into an inbox."""


class _Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sequences fit the inbox's bigint; the contract's own JSON stands in `body`."""

    message_id: UUID
    tenant_id: UUID
    contract: str
    order_key: UUID
    sequence: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    occurred_at: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID
    lane: int
    body: msgspec.Raw
    trace_parent: str | None = None


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(_Message)
_any = msgspec.json.Decoder()


ENVELOPE = {**msgspec.json.schema_components([_Message])[1]["_Message"], "title": "envelope"}


def message_of(envelope: Envelope, lane: int) -> aio_pika.Message:
    """The message, which survives a restart of the broker."""
    said = _Message(
        message_id=envelope.message_id,
        tenant_id=envelope.tenant_id,
        contract=envelope.contract,
        order_key=envelope.order_key,
        sequence=envelope.sequence,
        occurred_at=envelope.occurred_at,
        actor=envelope.actor,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        lane=lane,
        body=msgspec.Raw(envelope.body.encode()),
        trace_parent=envelope.trace_parent,
    )
    return aio_pika.Message(
        _encode(said),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(envelope.message_id),
        type=envelope.contract,
    )


def envelope_in(message: AbstractIncomingMessage) -> tuple[Envelope, int]:
    """The envelope and its lane. Raises MessageMalformed."""
    try:
        said = _decoder.decode(message.body)
        _any.decode(said.body)  # PostgreSQL would refuse it, and with it the whole batch
    except (msgspec.DecodeError, ValueError) as error:
        raise MessageMalformed(str(error)) from error
    if said.lane not in LANES or said.occurred_at.tzinfo is None:
        raise MessageMalformed("no lane, or a time without a zone")
    values = {name: getattr(said, name) for name in said.__struct_fields__}
    lane = values.pop("lane")
    return Envelope(**{**values, "body": bytes(said.body).decode()}), lane
