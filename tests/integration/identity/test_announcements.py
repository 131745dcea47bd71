"""What operators announce is shown to every tenant, in its time, and to nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.operators import OperatorAtWork, open_plane
from tests.people import Person, anybody, join, open_for_business
from tests.world import World


def moment(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def announce(operator: OperatorAtWork, text: str, **more: Any) -> str:
    body = {"text": text, "ends_at": moment(1), **more}
    return str((await operator.post("/announcements", body, status=201))["id"])


async def shown(person: Person) -> list[str]:
    return [each["text"] for each in (await person.get("/v1/announcements"))["data"]]


async def test_every_role_of_every_tenant_sees_it(world: World) -> None:
    operator = await open_plane(world)
    ada, other = await open_for_business(world), await open_for_business(world)
    await announce(operator, "Sunday", severity="warning")
    for role in ("admin", "accountant", "sales", "viewer"):
        assert await shown(await join(ada, role)) == ["Sunday"], role
    for person in (ada, other):
        assert await shown(person) == ["Sunday"]
    [said] = (await ada.get("/v1/announcements"))["data"]
    assert said["severity"] == "warning"
    assert "made_by" not in said  # who runs the installation is nobody's affair
    assert (await anybody(world).get("/v1/announcements")).status_code == 401


async def test_it_is_shown_in_its_time_the_gravest_first(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    await announce(operator, "later", starts_at=moment(0.5))
    await announce(operator, "begun", starts_at=moment(-1))
    await announce(operator, "grave", severity="critical")
    over = await announce(operator, "over")
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.announcements SET starts_at = now() - interval '2 hours',"
            " ends_at = now() - interval '1 hour' WHERE text = 'over'"
        )
    assert await shown(ada) == ["grave", "begun"]
    listed = (await operator.get("/announcements"))["data"]
    assert [each["text"] for each in listed] == ["over", "grave", "begun", "later"]
    assert {each["made_by"] for each in listed} == {operator.actor}
    assert over in {each["id"] for each in listed}


async def test_withdrawn_it_is_shown_no_more_and_stays_in_the_list(world: World) -> None:
    operator = await open_plane(world)
    ada = await open_for_business(world)
    id = await announce(operator, "Sunday")
    for _ in range(2):
        answer = await operator.client.delete(f"/operator/v1/announcements/{id}")
        assert answer.status_code == 204
    assert await shown(ada) == []
    [listed] = (await operator.get("/announcements"))["data"]
    assert listed["withdrawn_at"] is not None
    types = [each["type"] for each in (await operator.get("/acts"))["data"]]
    assert types.count("announcement_withdrawn") == 1
    for text in ("ann_x", "x", "ann_01jb8z0000e008000000000001"):
        gone = await operator.client.delete(f"/operator/v1/announcements/{text}")
        assert (gone.status_code, gone.json()["code"]) == (404, "announcement_not_found")


@pytest.mark.parametrize(
    "wrong,pointer",
    [
        ({"text": ""}, "/text"),
        ({"text": "x" * 2_001}, "/text"),
        ({"text": "a\x00b"}, "/text"),
        ({"severity": "loud"}, "/severity"),
        ({"ends_at": "2026-01-01"}, "/ends_at"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, "/ends_at"),
        ({"starts_at": "2099-01-01T00:00:00Z"}, "/ends_at"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_cannot_be_announced_is_named(
    world: World, wrong: dict[str, Any], pointer: str
) -> None:
    operator = await open_plane(world)
    body = {"text": "Sunday", "ends_at": moment(1), **wrong}
    refused = await operator.post("/announcements", body, status=422)
    assert refused["problems"][0]["pointer"] == pointer
    assert (await operator.get("/announcements"))["data"] == []
