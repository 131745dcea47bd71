"""Faults under load at the gateway: nothing lost, nothing doubled, and all of it recovers (E1).

`make soak` does each kind twenty times and alone; here several come at once, each kind twice.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.campaign import Campaign
from tests.faults.services import Services
from tests.faults.striking import KINDS, Fault, back
from tests.faults.versions import become, next_version
from tests.integration.delivery.stage import until

SEED = 1
AT_ONCE = 6
SECONDS = 3.0


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's account can reach when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="invx-faults-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def services(home: Path) -> Iterator[Services]:
    made = Services.at(home / "home")
    try:
        yield made.up()
    finally:
        made.down()


@pytest.fixture
async def campaign(services: Services, home: Path) -> AsyncIterator[Campaign]:
    """The clients of one business, who remember what earlier tests told them."""
    async with opened(services, home / "clients") as made:
        yield made


@pytest.fixture
async def victims(services: Services, tmp_path: Path) -> AsyncIterator[Campaign]:
    """Clients of another business, of whose things some will be lost."""
    async with opened(services, tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(services: Services, home: Path) -> AsyncIterator[Campaign]:
    made = Campaign(services, home, SEED)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def rounds() -> list[list[Fault]]:
    """Each kind twice, in a random order, as many at once as fit."""
    chance = random.Random(SEED)
    kinds = [*chance.sample(list(KINDS), len(KINDS)), *chance.sample(list(KINDS), len(KINDS))]
    faults = [
        Fault(kind, chance.uniform(0.2, 2.0), SECONDS, (chance.random() + at // len(KINDS)) / 2)
        for at, kind in enumerate(kinds)
    ]
    return [faults[at : at + AT_ONCE] for at in range(0, len(faults), AT_ONCE)]


@pytest.mark.parametrize("faults", rounds(), ids=lambda faults: ", ".join(f.kind for f in faults))
async def test_nothing_is_lost_or_doubled(
    campaign: Campaign, faults: list[Fault], capsys: pytest.CaptureFixture[str]
) -> None:
    seen, wrong = await campaign.round(faults)
    with capsys.disabled():
        print(f"\n{', '.join(seen.kinds)}: written after {seen.write_seconds} s,", end=" ")
        print(f"heard of after {seen.effect_seconds} s", end=" ")
    assert not wrong
    assert seen.acknowledged


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_new_version_takes_over_and_no_request_fails(campaign: Campaign, turn: int) -> None:
    """Migrations and a restart of everything but PostgreSQL and Envoy, process after process."""
    parts = campaign.services.parts
    before = {name: part.restarts for name, part in parts.items()}
    seen, wrong = await campaign.under_load(
        ["new version"], lambda: next_version(campaign.services)
    )
    assert not wrong
    assert (seen.unavailable, seen.cut) == (0, 0), seen
    again = {name for name, part in parts.items() if part.restarts > before[name]}
    assert again == set(parts) - {"envoy"}


# From here on processes are defective, and stay so.


async def plant(services: Services, context: str, defect: str) -> None:
    """The processes of a context die, and have this defect when they are back."""
    parts = become(services, context, defect)
    before = [part.restarts for part in parts]
    for part in parts:
        part.kill()
    await asyncio.gather(*map(back, parts, before))


_PUBLISHED = """
SELECT count(*) FROM invoicing.outbox
WHERE tenant_id = $1 AND recorded_at > $2 AND published_at IS NOT NULL
"""
_ARRIVING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO analytics.inbox%'
"""


async def published(services: Services, victims: Campaign) -> None:
    """Until some of what is written from now on was published, as the relay believes."""
    async with services.admin("invoicing") as outbox:
        now = await outbox.fetchval("SELECT clock_timestamp()")

        async def some() -> bool:
            return bool(await outbox.fetchval(_PUBLISHED, victims.tenant_id, now) >= 3)

        await until(some)


async def test_a_publisher_without_confirms_is_found(services: Services, victims: Campaign) -> None:
    await plant(services, "invoicing", "no confirms")
    link = services.links["rabbitmq"]

    async def act() -> None:
        await victims.flowing()
        link.stall()
        await published(services, victims)
        link.cut()  # what was on its way never arrives
        link.heal()

    _, wrong = await victims.under_load(["no confirms"], act)
    assert any("never came to analytics" in each for each in wrong), wrong


async def test_who_acknowledges_before_the_inbox_has_it_is_found(
    services: Services, victims: Campaign
) -> None:
    await plant(services, "analytics", "acknowledged first")

    async def act() -> None:
        await victims.flowing()
        async with services.admin("analytics") as inbox, inbox.transaction():
            await inbox.execute("LOCK TABLE analytics.inbox")
            await published(services, victims)

            async def arriving() -> bool:
                return bool(await inbox.fetchval(_ARRIVING))

            await until(arriving)  # acknowledged, and nowhere yet
            await asyncio.sleep(1)  # the broker hears of it
            for part in services.processes("analytics"):
                part.kill()

    _, wrong = await victims.under_load(["acknowledged first"], act)
    assert any("never came to analytics" in each for each in wrong), wrong


async def test_an_inbox_that_recognises_nothing_is_found(
    services: Services, victims: Campaign
) -> None:
    await plant(services, "analytics", "nothing recognised")
    _, wrong = await victims.round([Fault("published again", 1.0, SECONDS, 0.5)])
    assert any("came to analytics unsent" in each for each in wrong), wrong
