"""What travels by the broker as an AsyncAPI 3.0 document: who tells what, and who hears it."""

from collections.abc import Mapping, Sequence
from typing import Any

from invx import __version__
from invx.contracts.schemas import Schema
from invx.infra.rabbit.link import EXCHANGE, queue_of
from invx.infra.rabbit.wire import ENVELOPE

Json = dict[str, Any]

_ABOUT = (
    "Contracts between the contexts of Invx. They are private: applications follow `GET /v1/events`"
    " and webhooks. Each is delivered at least once, in order per `order_key`; the receiver keeps"
    " every `message_id` and does what it tells once. Readers ignore fields that they do not know."
)
_BINDING = "0.3.0"


def document(
    schemas: Mapping[str, Schema],
    subscribers: Mapping[str, Sequence[str]],
    examples: Mapping[str, Any],
) -> Json:
    """Of these contracts by their names on the wire, each with an example of its body."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Invx contracts", "version": __version__, "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": {wire: _channel(wire) for wire in schemas},
        "operations": {name: each for wire in schemas for name, each in _acts(wire, subscribers)},
        "components": {
            "messages": {wire: _message(wire, examples[wire]) for wire in schemas},
            "schemas": {"envelope": ENVELOPE, **schemas},
        },
    }


def _channel(wire: str) -> Json:
    exchange = {"name": EXCHANGE, "type": "direct", "durable": True, "autoDelete": False}
    binding = {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING}
    return {
        "address": wire,
        "messages": {"told": {"$ref": f"#/components/messages/{wire}"}},
        "bindings": {"amqp": binding},
    }


def _acts(wire: str, subscribers: Mapping[str, Sequence[str]]) -> list[tuple[str, Json]]:
    """Its context sends it; each that reacts to it receives it from a queue of its own."""
    owner = wire.partition(".")[0]
    channel = {"$ref": f"#/channels/{wire}"}
    acts: list[tuple[str, Json]] = [
        (f"{owner}.sends.{wire}", {"action": "send", "channel": channel})
    ]
    for name in subscribers.get(wire, ()):
        about = f"From the queue `{queue_of(name)}`."
        receives = {"action": "receive", "channel": channel, "description": about}
        acts.append((f"{name}.receives.{wire}", receives))
    return acts


def _message(wire: str, example: Any) -> Json:
    body = {"$ref": f"#/components/schemas/{wire}"}
    own = {"properties": {"contract": {"const": wire}, "body": body}}
    return {
        "name": wire,
        "contentType": "application/json",
        "correlationId": {"location": "$message.payload#/correlation_id"},
        "payload": {"allOf": [{"$ref": "#/components/schemas/envelope"}, own]},
        "examples": [{"name": "body", "payload": {"contract": wire, "body": example}}],
    }
