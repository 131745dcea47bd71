"""Sandboxes: made at once beside a live tenant, seen by its organization, erased at their end."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from invx.kernel.ids import parse_typeid
from tests.e2e.acts import pdf_text
from tests.people import Person, anybody, join, open_for_business
from tests.tenants import rows_of
from tests.world import SELLER, World, draft_body, post

START = "2026-01-01T08:00:00Z"


async def make(person: Person, **more: Any) -> dict[str, Any]:
    return await person.post("/v1/sandboxes", {"name": "Nightly", **more}, status=201)


async def inside(world: World, person: Person, sandbox: dict[str, Any]) -> httpx.AsyncClient:
    """A client of a program with a key of the sandbox's own."""
    body = {"name": "CI", "permissions": WORK}
    key = await person.post(f"/v1/sandboxes/{sandbox['id']}/api-keys", body, status=201)
    assert key["mode"] == "test"
    return anybody(world, Authorization=f"Bearer {key['secret']}")


WORK = [
    *("invoices:read", "invoices:write", "invoices:finalize", "legal_entities:read"),
    *("legal_entities:write", "series:read", "sandboxes:read", "sandboxes:write"),
]


async def test_a_sandbox_has_keys_series_and_documents_of_its_own(world: World) -> None:
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    live = await ada.post("/v1/invoices", draft_body())
    live = await ada.post(f"/v1/invoices/{live['id']}/finalize", {})
    one, other = await make(ada, name="One"), await make(ada, name="Other")
    assert one["sandbox_of"] == ada.tenant
    assert one["ends_at"] is None
    for sandbox in (one, other):
        client = await inside(world, ada, sandbox)
        await world.settle()
        await post(client, "/v1/legal-entities", SELLER)
        draft = await post(client, "/v1/invoices", draft_body())
        issued = await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
        assert issued["number"] == live["number"]  # each counts by itself
        page = (await client.get("/v1/invoices")).json()["data"]
        assert [each["id"] for each in page] == [issued["id"]]
        assert "TEST" in pdf_text(await client.get(f"/v1/invoices/{issued['id']}/pdf"))
        for format in ("ubl", "cii"):
            xml = await client.get(f"/v1/invoices/{issued['id']}/e-invoice?format={format}")
            assert ">TEST<" in xml.text, format
    xml = await ada.client.get(f"/v1/invoices/{live['id']}/e-invoice?format=ubl")
    assert "TEST" not in xml.text
    listed = await ada.get("/v1/sandboxes")
    assert [each["name"] for each in listed["data"]][:2] == ["Other", "One"]


async def test_the_lists_pages_go_on_where_they_left_off(world: World) -> None:
    ada = await open_for_business(world)
    for number in range(5):
        await make(ada, name=f"S{number}")
    names, query = [], {"limit": "2"}
    while True:
        page = await ada.get("/v1/sandboxes", **query)
        names += [each["name"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["next"]
    assert names == [*(f"S{n}" for n in reversed(range(5))), "Kontor Nord GmbH (sandbox)"]
    up = await ada.get("/v1/sandboxes", sort="created", limit="1")
    assert up["data"][0]["name"] == "Kontor Nord GmbH (sandbox)"


async def test_the_same_request_makes_one_sandbox(world: World) -> None:
    ada = await open_for_business(world)
    body, head = {"name": "Once", "ttl_hours": 1}, {"Idempotency-Key": "k1"}
    first = await ada.client.post("/v1/sandboxes", json=body, headers=head)
    again = await ada.client.post("/v1/sandboxes", json=body, headers=head)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    other = await ada.client.post("/v1/sandboxes", json={"name": "Two"}, headers=head)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await ada.get("/v1/sandboxes"))["data"]) == 2  # and that of the sign-up


async def test_the_same_request_is_answered_alike_after_the_sandbox_has_ended(
    world: World,
) -> None:
    ada = await open_for_business(world)
    body, head = {"name": "Once"}, {"Idempotency-Key": "k1"}
    first = await ada.client.post("/v1/sandboxes", json=body, headers=head)
    await ada.client.delete(f"/v1/sandboxes/{first.json()['id']}")
    await world.settle()
    again = await ada.client.post("/v1/sandboxes", json=body, headers=head)
    assert (again.status_code, again.content) == (201, first.content)


async def test_a_clock_may_start_at_another_time_within_ten_years(world: World) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada, clock=START)
    began = datetime.fromisoformat(START)
    shown = datetime.fromisoformat(sandbox["clock"]["now"])
    assert began <= shown < began + timedelta(minutes=5)
    client = await inside(world, ada, sandbox)
    await world.settle()
    await post(client, "/v1/legal-entities", SELLER)
    draft = await post(client, "/v1/invoices", draft_body())
    issued = await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
    assert issued["issue_date"] == "2026-01-01"
    assert issued["number"].startswith("2026-")
    for clock in ("2000-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        answer = await ada.client.post("/v1/sandboxes", json={"name": "X", "clock": clock})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "clock_too_far")
        assert problem["problems"][0]["pointer"] == "/clock"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "X", "ttl_hours": 0}, "/ttl_hours"),
        ({"name": "X", "ttl_hours": 8785}, "/ttl_hours"),
        ({"name": "X", "clock": "2026-01-01"}, "/clock"),
        ({"name": "X", "configured_like": "tnt_1"}, "/configured_like"),
        ({"name": "X", "mail": ["a@b.example"]}, "/mail"),
    ],
)
async def test_a_bad_body_is_refused_naming_its_field(
    world: World, body: dict[str, Any], pointer: str
) -> None:
    ada = await open_for_business(world)
    answer = await ada.client.post("/v1/sandboxes", json=body)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["problems"]] == [pointer]
    assert len((await ada.get("/v1/sandboxes"))["data"]) == 1


async def test_a_sandbox_is_set_up_like_its_tenant_without_numbers_and_channels(
    world: World,
) -> None:
    ada = await open_for_business(world)
    channels = [{"channel": "folder", "format": "ubl"}]
    entity = await ada.post(
        "/v1/legal-entities", {**SELLER, "transmission_channels": channels, "external_id": "LE-1"}
    )
    own = {"name": "Own", "pattern": "K{YYYY}-{number:05}", "types": ["invoice"], "start": 100}
    await ada.post("/v1/series", {**own, "legal_entity": entity["id"]}, status=201)
    draft = await ada.post("/v1/invoices", draft_body())
    issued = await ada.post(f"/v1/invoices/{draft['id']}/finalize", {})
    sandbox = await make(ada, configured_like=ada.tenant)
    client = await inside(world, ada, sandbox)
    await world.settle()
    [taken] = (await client.get("/v1/legal-entities")).json()["data"]
    assert taken["id"] != entity["id"]
    assert taken["created_at"][:10] == sandbox["created_at"][:10]
    assert taken["transmission_channels"] == []
    left_out = {"id", "version", "transmission_channels", "created_at", "updated_at"}
    assert {k: v for k, v in taken.items() if k not in left_out} == {
        k: v for k, v in entity.items() if k not in left_out
    }
    series = (await client.get("/v1/series")).json()["data"]
    assert sorted(each["name"] for each in series) == [
        *("Credit note", "Invoice", "Own", "Proforma")
    ]
    draft = await post(client, "/v1/invoices", draft_body())
    first = await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
    assert first["number"] == issued["number"]  # from the series' own beginning
    assert first["number"].endswith("00100")


async def test_configuring_twice_changes_nothing(world: World) -> None:
    """As when the process ends between the copy and the end of the reaction."""
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    sandbox = await make(ada, configured_like=ada.tenant)
    await world.settle()
    before = await rows_of(world, parse_typeid("tnt", sandbox["id"]))
    async with world.admin() as conn:
        done = await conn.execute(
            "UPDATE invoicing.inbox SET state = 'pending', finished_at = NULL"
            " WHERE contract = 'identity.tenant.configured_like.v1'"
        )
    assert done == "UPDATE 1"
    await world.settle()
    assert await rows_of(world, parse_typeid("tnt", sandbox["id"])) == before


async def test_what_is_gone_before_it_was_copied_sets_up_nothing(world: World) -> None:
    ada = await open_for_business(world)
    await ada.post("/v1/legal-entities", SELLER)
    pattern = await make(ada, configured_like=ada.tenant)
    await world.settle()
    sandbox = await make(ada, configured_like=pattern["id"])
    await ada.client.delete(f"/v1/sandboxes/{pattern['id']}")
    async with world.admin() as conn:  # erased before the reaction runs
        for schema in world.host.contexts:
            await conn.execute(
                f"UPDATE {schema}.tenants SET status = 'erased', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                parse_typeid("tnt", pattern["id"]),
            )
    client = await inside(world, ada, sandbox)
    await world.settle()
    assert (await client.get("/v1/legal-entities")).json()["data"] == []
    async with world.admin() as conn:
        waiting = await conn.fetchval(
            "SELECT count(*) FROM invoicing.inbox WHERE state IN ('pending', 'parked')"
        )
    assert waiting == 0


async def test_it_is_set_up_like_ones_own_tenant_or_a_sandbox_and_like_no_other(
    world: World,
) -> None:
    ada, eve = await open_for_business(world), await open_for_business(world)
    for like in (eve.tenant, eve.tokens["sandbox"], "tnt_01jzzzzzzzzzzzzzzzzzzzzzzz"):
        body = {"name": "X", "configured_like": like}
        answer = await ada.client.post("/v1/sandboxes", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_a_likeness"), like
        assert answer.json()["problems"][0]["pointer"] == "/configured_like"
    await make(ada, configured_like=ada.tokens["sandbox"])


async def test_who_may_not_read_the_configuration_does_not_get_it_through_a_sandbox(
    world: World,
) -> None:
    ada = await open_for_business(world)
    only = {"name": "Only sandboxes", "permissions": ["sandboxes:write", "sandboxes:read"]}
    role = await ada.post("/v1/roles", only, status=201)
    bo = await join(ada, role["id"])
    body = {"name": "X", "configured_like": ada.tenant}
    answer = await bo.client.post("/v1/sandboxes", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "more_than_held")
    made = await make(bo)  # which he owns, as a person
    assert (await bo.refresh(tenant=made["id"])).status_code == 200
    assert (await bo.client.get("/v1/members")).json()["data"][0]["role"] == "owner"


async def test_a_sandbox_cannot_make_or_end_sandboxes_and_sees_itself_alone(world: World) -> None:
    ada = await open_for_business(world)
    mine, other = await make(ada, name="Mine"), await make(ada, name="Other")
    client = await inside(world, ada, mine)
    await world.settle()
    for answer in (
        await client.post("/v1/sandboxes", json={"name": "X"}),
        await client.delete(f"/v1/sandboxes/{mine['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "from_live_only")
    page = (await client.get("/v1/sandboxes")).json()["data"]
    assert [each["id"] for each in page] == [mine["id"]]
    for method, path in (
        ("GET", f"/v1/sandboxes/{other['id']}"),
        ("DELETE", f"/v1/sandboxes/{other['id']}"),
        ("GET", f"/v1/sandboxes/{ada.tenant}"),
    ):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "sandbox_not_found"), path


async def test_another_organization_finds_no_sandbox_of_this_one(world: World) -> None:
    ada, eve = await open_for_business(world), await open_for_business(world)
    sandbox = await make(ada)
    path = f"/v1/sandboxes/{sandbox['id']}"
    begun = await ada.post(f"{path}/clock", {"by": "P1D"}, status=202)
    advance = f"{path}/clock/{begun['id']}"
    key = {"name": "X", "permissions": ["invoices:read"]}
    for method, where, body in (
        ("GET", path, None),
        ("DELETE", path, None),
        ("POST", f"{path}/api-keys", key),
        ("POST", f"{path}/clock", {"by": "P1D"}),
        ("GET", advance, None),
        ("POST", f"{advance}/cancel", None),
        ("POST", f"{advance}/resume", None),
    ):
        answer = await eve.client.request(method, where, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "sandbox_not_found"), where
    assert sandbox["id"] not in (await eve.client.get("/v1/sandboxes")).text


async def test_a_live_tenant_is_no_sandbox(world: World) -> None:
    ada = await open_for_business(world)
    path = f"/v1/sandboxes/{ada.tenant}"
    assert (await ada.client.get(path)).status_code == 404
    for answer in (
        await ada.client.delete(path),
        await ada.client.post(f"{path}/clock", json={"by": "P1D"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_of_live_tenant")
    await world.settle()
    assert (await ada.client.get("/v1/invoices")).status_code == 200


async def test_a_tenant_without_an_organization_has_no_sandboxes(world: World) -> None:
    client = world.client(await world.tenant())
    answer = await client.post("/v1/sandboxes", json={"name": "X"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_organization")
    assert (await client.get("/v1/sandboxes")).json()["data"] == []


async def test_a_key_of_a_sandbox_may_what_its_maker_may_at_most(world: World) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada)
    narrow = {"name": "Narrow", "permissions": ["api_keys:write", "sandboxes:read"]}
    key = await ada.post("/v1/api-keys", narrow, status=201)
    client = anybody(world, Authorization=f"Bearer {key['secret']}")
    path = f"/v1/sandboxes/{sandbox['id']}/api-keys"
    answer = await client.post(path, json={"name": "X", "permissions": ["invoices:read"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "more_than_held")
    past = {"name": "X", "permissions": ["sandboxes:read"], "expires_at": "2020-01-01T00:00:00Z"}
    answer = await client.post(path, json=past)
    assert answer.json()["problems"][0]["pointer"] == "/expires_at"
    made = await client.post(path, json={"name": "X", "permissions": ["sandboxes:read"]})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("invx_test_")
