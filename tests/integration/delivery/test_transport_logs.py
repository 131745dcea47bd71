"""What transports log: to whom a line belongs, and neither a secret nor what a contract says."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import aio_pika
import pytest

from invx.infra.carrying import trail_of
from invx.infra.embedded_rabbit import Rabbit
from invx.infra.rabbit.feed import Feed
from invx.infra.rabbit.link import Link, Topology, refused_of
from invx.infra.rabbit.transport import RabbitTransport
from invx.kernel.messages import Envelope
from tests.integration.delivery.broker import Broker
from tests.integration.delivery.stage import (
    RECEIVER,
    NoteTakenV1,
    Stage,
    key,
    note,
    tenant,
    until,
)
from tests.unit.infra.http.example import captured_logs, lines_of
from tests.waiting import HANG_SECONDS

A = tenant(1)
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
PRIVATE = "Zephyrine Quassel"


@pytest.fixture
def logs(stage: Stage) -> Iterator[BytesIO]:
    """All that is logged, also by the libraries, with INVX_LOG_LEVEL=debug."""
    with captured_logs("debug") as out:
        yield out


def test_libraries_never_log_in_detail(logs: BytesIO) -> None:
    """The driver of the broker would quote whole messages."""
    logging.getLogger("aiormq.connection").debug("Prepare to send %s", PRIVATE)
    logging.getLogger("aiormq.connection").warning("Connection lost")
    assert [line["event"] for line in lines_of(logs)] == ["Connection lost"]


@pytest.fixture
async def broker(rabbit: Rabbit, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setattr("invx.infra.rabbit.link.CONNECT_SECONDS_MAX", HANG_SECONDS)  # it is busy
    made = Broker(rabbit, stage)
    await made.empty()
    await stage.know(A)
    return made


@asynccontextmanager
async def running(feed: Feed) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(feed.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, HANG_SECONDS)


def traced(number: int, **more: Any) -> Envelope:
    """A note that says something about a person, and which request it comes from."""
    body = json.dumps({"key": str(key("x")), "number": number, "who": PRIVATE})
    return replace(note(A, key("x"), number), trace_parent=PARENT, body=body, **more)


async def said(logs: BytesIO, event: str) -> list[dict[str, Any]]:
    """The lines of this kind, once there are any."""

    async def any_line() -> bool:
        return any(line["event"] == event for line in lines_of(logs))

    await until(any_line)
    return [line for line in lines_of(logs) if line["event"] == event]


def belongs(line: dict[str, Any], envelope: Envelope) -> None:
    assert line["tenant"] == str(envelope.tenant_id)
    assert line["trace_id"] == TRACE
    assert line["correlation_id"] == str(envelope.correlation_id)


async def aside(broker: Broker) -> None:
    async def one() -> bool:
        return await broker.waiting(refused_of(RECEIVER)) == 1

    await until(one)


async def test_a_message_that_no_inbox_takes_is_told_with_its_tenant_and_trace(
    broker: Broker, logs: BytesIO
) -> None:
    spoilt = traced(1, actor="user:\x00")
    transport = broker.transport()
    await transport.publish([spoilt])
    async with running(broker.feed()):
        await aside(broker)
    await transport.close()
    [line] = await said(logs, "message_refused")
    belongs(line, spoilt)
    assert line["message_id"] == str(spoilt.message_id)
    assert line["contract"] == NoteTakenV1.wire
    assert PRIVATE not in logs.getvalue().decode()


async def test_a_message_of_a_stranger_is_not_quoted(broker: Broker, logs: BytesIO) -> None:
    link = broker.link()
    _, exchange = await link.channel(confirms=True)
    strange = aio_pika.Message(PRIVATE.encode(), type=PRIVATE, message_id=PRIVATE)
    await exchange.publish(strange, NoteTakenV1.wire, mandatory=True)
    await link.drop()
    async with running(broker.feed()):
        await aside(broker)
    [line] = await said(logs, "message_refused")
    assert (line["contract"], line["message_id"]) == ("unknown", None)
    assert "tenant" not in line
    assert "Quassel" not in logs.getvalue().decode()


async def test_a_broker_that_refuses_the_login_learns_the_log_nothing_of_it(
    broker: Broker, logs: BytesIO
) -> None:
    stage = broker.stage
    await stage.send(traced(1))
    where = f"127.0.0.1:{broker.rabbit.port}"
    topology = Topology({NoteTakenV1.wire: [RECEIVER]})
    link = Link(f"amqp://invx:hunter2-hunter2@{where}/", topology)
    assert await stage.relay(RabbitTransport(link)).round() == 0
    feed = Feed(
        Link(f"amqp://invx:hunter2-hunter2@{where}/", topology), RECEIVER, broker.feed()._arrivals
    )
    async with running(feed):
        await said(logs, "feed_broken")
    [away] = await said(logs, "transport_away")
    assert where in away["reason"]
    everything = logs.getvalue().decode()
    for secret in ("hunter2", urlsplit(broker.rabbit.url).password or "-", PRIVATE):
        assert secret not in everything


async def test_a_day_of_the_broker_names_nobody(broker: Broker, logs: BytesIO) -> None:
    """Published, fed, handled; and once with a reaction that fails and quotes what it was given."""
    stage = broker.stage

    async def fails(contract: NoteTakenV1, uow: object) -> None:
        if contract.number == 2:
            raise RuntimeError("no such note")

    await stage.send(traced(1), traced(2))
    transport = broker.transport()
    assert await stage.relay(transport).round() == 2
    async with running(broker.feed()):

        async def both() -> bool:
            return bool(await stage.root.fetchval("SELECT count(*) FROM receiver.inbox") == 2)

        await until(both)
    await stage.worker(fails).settle()
    await transport.close()
    [failed] = await said(logs, "reaction_failed")
    belongs(failed, traced(2))
    everything = logs.getvalue().decode()
    assert "feeding" in everything
    for secret in (urlsplit(broker.rabbit.url).password or "-", PRIVATE, "Quassel", '"number"'):
        assert secret not in everything


class Refusing:
    """A transport whose error quotes a row, as PostgreSQL does."""

    async def publish(self, envelopes: Any, *, lane: int = 0) -> None:
        raise RuntimeError(f"duplicate key\nDETAIL:  Key (who)=({PRIVATE}) already exists.")


async def test_a_tenant_that_cannot_be_published_is_told_by_name_of_its_tenant_alone(
    stage: Stage, logs: BytesIO
) -> None:
    await stage.know(A)
    await stage.send(traced(1))
    assert await stage.relay(Refusing()).round() == 0
    [line] = await said(logs, "tenant_not_published")
    assert line["tenant"] == str(A)
    assert "RuntimeError: duplicate key" in line["exception"]
    assert "Quassel" not in logs.getvalue().decode()


@pytest.mark.parametrize(
    ("trace_parent", "trace_id"), [(PARENT, TRACE), (None, ""), ("nonsense", "")]
)
def test_the_trail_of_an_envelope_is_that_of_its_cause(
    trace_parent: str | None, trace_id: str
) -> None:
    envelope = replace(note(A, key("x"), 1), trace_parent=trace_parent)
    trail = trail_of(envelope)
    assert trail.trace_id == trace_id
    assert (trail.tenant_id, trail.request_id) == (A, envelope.message_id)
    assert trail.correlation_id == envelope.correlation_id
    assert isinstance(trail.correlation_id, UUID)
