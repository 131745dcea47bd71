"""What cannot be meant is refused, names its fields at fault, and changes nothing: bodies.tsv."""

import csv
from pathlib import Path

from invx.infra.http.declarations import routes_of
from tests.people import Person, invite, join, sign_up
from tests.world import World

ROWS = list(
    csv.DictReader(
        Path(__file__).with_name("bodies.tsv").read_text().splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


async def ids_of(ada: Person) -> dict[str, str]:
    """Things that exist, so that the body alone is at fault."""
    role = await ada.post("/v1/roles", {"name": "R", "permissions": ["tax:read"]}, status=201)
    key = await ada.post("/v1/api-keys", {"name": "K", "permissions": ["tax:read"]}, status=201)
    bo = await join(ada, "viewer")
    members = (await ada.get("/v1/members"))["data"]
    member = next(each["id"] for each in members if each["user"] == bo.tokens["user"])
    invited = await invite(ada, "viewer")
    return {"role": role["id"], "api_key": key["id"], "member": member, "token": invited["token"]}


async def test_every_wrong_body_names_what_is_wrong_with_it(world: World) -> None:
    ada = await sign_up(world)
    ids = await ids_of(ada)
    async with world.admin() as conn:
        count = "SELECT count(*) FROM identity.events"
        before = await conn.fetchval(count)
        wrong = []
        for row in ROWS:
            method, _, path = row["label"].partition(" ")
            answer = await ada.client.request(
                method,
                path.format(**ids),
                content=row["body"].encode(),
                headers={"content-type": "application/json"},
            )
            said = answer.json()
            pointers = " ".join(each["pointer"] for each in said.get("problems", ()))
            expected = (422, row["pointers"], row["code"] or said.get("code"))
            if (answer.status_code, pointers, said.get("code")) != expected:
                wrong.append(f"{row['label']} {row['body']}: {answer.status_code} {answer.text}")
        assert wrong == []
        assert await conn.fetchval(count) == before


def test_the_table_is_about_every_body_of_this_kind(world: World) -> None:
    topics = ("/v1/api-keys", "/v1/roles", "/v1/invitations", "/v1/members")
    taking = {
        f"{method} {route.path}"
        for route in routes_of(world.app)
        for method in (getattr(route, "methods", None) or ())
        if method in ("POST", "PUT") and route.path.startswith(topics)
    }
    assert {row["label"] for row in ROWS} == taking
