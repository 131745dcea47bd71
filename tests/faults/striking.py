"""What can go wrong, and doing it: each kind begins, lasts and ends by itself."""

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from invx.host import subscribers
from invx.infra.inbox import envelope_of
from invx.infra.rabbit.link import Link, Topology
from invx.infra.rabbit.transport import RabbitTransport
from invx.infra.supervised import Supervised
from invx.infra.transport import NobodyReached
from invx.kernel.messages import Envelope
from tests.faults.services import BACK_SECONDS_MAX, Services

# Many times what a claim or a lease lasts, and less than a token's five minutes: who is that much
# ahead refuses every token, and should.
CLOCK_SECONDS = 20
DUPLICATES = 60
SEEN_SECONDS = 5.0  # until the gateway, which asks every two, has seen that a process is ready


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, when (seconds after the load began), for how long, and which of several."""

    kind: str
    after: float
    seconds: float
    which: float


Act = Callable[[Services, Fault], Awaitable[None]]


def _killing(name: str) -> Act:
    """Every process of a context, or one of the two."""

    async def kill(services: Services, fault: Fault) -> None:
        parts = services.processes(name)
        for part in parts if fault.which < 0.5 else parts[:1]:
            part.kill()

    return kill


async def _kill_postgres(services: Services, _: Fault) -> None:
    if (pid := services.postgres.pid) is not None:
        os.kill(pid, signal.SIGKILL)


async def _kill_rabbit(services: Services, _: Fault) -> None:
    services.rabbit.broker.kill()


async def _kill_valkey(services: Services, _: Fault) -> None:
    services.valkey.server.kill()


def _breaking(link: str, how: str) -> Act:
    """Cut, stall or slow down a stretch for a while."""

    async def act(services: Services, fault: Fault) -> None:
        proxy = services.links[link]
        assert proxy.passed, f"nothing takes the way to {link} that is broken here"
        match how:
            case "cut":
                proxy.cut()
            case "stall":
                proxy.stall()
            case _:
                proxy.delay(0.02 + fault.which * 0.2)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            proxy.heal()

    return act


async def _fill_disk(services: Services, fault: Fault) -> None:
    """RabbitMQ believes that its disk is full: it takes no more from who publishes."""
    await _rabbitmqctl(services, "set_disk_free_limit", "100000GB")
    try:
        await asyncio.sleep(fault.seconds)
    finally:
        await _rabbitmqctl(services, "set_disk_free_limit", "100MB")


async def _rabbitmqctl(services: Services, *words: str) -> None:
    """Until the broker obeys, which another fault may have killed."""
    rabbit, end = services.rabbit, time.monotonic() + BACK_SECONDS_MAX
    program = [str(rabbit._home / "sbin" / "rabbitmqctl"), *words]
    while True:
        done = await asyncio.to_thread(
            subprocess.run, program, env=rabbit._environment(), capture_output=True, text=True
        )
        if not done.returncode:
            return
        assert time.monotonic() < end, done.stdout + done.stderr


async def _say_again(services: Services, fault: Fault) -> None:
    """Old contracts once more, new ones before their turn, all of them shuffled and some thrice."""
    chance, end = random.Random(fault.which), time.monotonic() + BACK_SECONDS_MAX
    told: list[Envelope] = []
    for name in ("invoicing", "identity"):
        async with services.admin(name) as conn:
            rows = await conn.fetch(_SAID.format(schema=name), DUPLICATES)
        told += [envelope_of(row) for row in rows if row["contract"] in subscribers()]
    told += chance.choices(told, k=len(told))
    chance.shuffle(told)
    transport = RabbitTransport(Link(services.rabbit.url, Topology(subscribers())))
    try:
        while told:
            try:
                await transport.publish(told[-1:])
                told.pop()
            except NobodyReached:  # another fault killed the broker
                assert time.monotonic() < end, "the broker does not come back"
                await asyncio.sleep(0.1)
    finally:
        await transport.close()


async def _publish_again(services: Services, _: Fault) -> None:
    """Relays that forgot what they have published."""
    for name in ("invoicing", "identity"):
        async with services.admin(name) as conn:
            await conn.execute(_FORGOTTEN.format(schema=name), DUPLICATES)


async def _jump(services: Services, fault: Fault) -> None:
    """The clocks of all contexts are ahead, or behind, and then are right again."""
    services.clock.write_text(str(CLOCK_SECONDS if fault.which < 0.5 else -CLOCK_SECONDS))
    try:
        await asyncio.sleep(fault.seconds)
    finally:
        services.clock.write_text("0")


async def restart(groups: Sequence[Sequence[Supervised]]) -> None:
    """SIGTERM to the processes of a group; the next group when those of this one are back."""
    for group in groups:
        before = [part.restarts for part in group]
        for part in group:
            assert part.pid is not None, f"{part.program.name} is not there"
            os.kill(part.pid, signal.SIGTERM)
        await asyncio.gather(*map(back, group, before))
        await asyncio.sleep(SEEN_SECONDS)


async def back(part: Supervised, restarts: int) -> None:
    """Until it was started once more and answers."""
    end = time.monotonic() + BACK_SECONDS_MAX
    while part.restarts == restarts or not part.program.answers():
        assert time.monotonic() < end, f"{part.program.name} is not back"
        await asyncio.sleep(0.05)


def one_by_one(services: Services) -> list[list[Supervised]]:
    """Everything that can be restarted without a request failing, each alone."""
    contexts = [part for name, part in services.parts.items() if name != "envoy"]
    return [[each] for each in (*contexts, services.rabbit.broker, services.valkey.server)]


def by_halves(services: Services) -> list[list[Supervised]]:
    """The same: one process of each context, then the other, then what there is one of."""
    second = [part for name, part in services.parts.items() if name.endswith("-2")]
    first = [part for name, part in services.parts.items() if f"{name}-2" in services.parts]
    rest = [services.parts["relay"], services.parts["work"]]
    return [first, second, [*rest, services.rabbit.broker, services.valkey.server]]


KINDS: Mapping[str, Act] = {
    "kill invoicing": _killing("invoicing"),
    "kill identity": _killing("identity"),
    "kill analytics": _killing("analytics"),
    "kill relay": _killing("relay"),
    "kill worker": _killing("work"),
    "kill PostgreSQL": _kill_postgres,
    "kill RabbitMQ": _kill_rabbit,
    "kill Valkey": _kill_valkey,
    "kill Envoy": _killing("envoy"),
    "RabbitMQ unreachable": _breaking("rabbitmq", "cut"),
    "RabbitMQ silent": _breaking("rabbitmq", "stall"),
    "RabbitMQ slow": _breaking("rabbitmq", "delay"),
    "RabbitMQ's disk full": _fill_disk,
    "PostgreSQL unreachable": _breaking("postgres", "cut"),
    "PostgreSQL silent": _breaking("postgres", "stall"),
    "PostgreSQL slow": _breaking("postgres", "delay"),
    "Valkey unreachable": _breaking("valkey", "cut"),
    "Valkey silent": _breaking("valkey", "stall"),
    "contracts doubled and shuffled": _say_again,
    "published again": _publish_again,
    "clock jump": _jump,
}
_SAID = """
SELECT tenant_id, message_id, position, contract, order_key, sequence, occurred_at, actor,
    correlation_id, causation_id, trace_parent, body::text AS body
FROM {schema}.outbox ORDER BY random() LIMIT $1
"""
_FORGOTTEN = """
UPDATE {schema}.outbox SET published_at = NULL WHERE message_id IN (
    SELECT message_id FROM {schema}.outbox ORDER BY random() LIMIT $1)
"""
