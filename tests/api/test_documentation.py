"""docs/API_DOCUMENTATION.md is true: its table of codes, its walk, its example of a problem."""

import json
import re
import shlex
from string import Template

from invx.infra.http.versions import LIVE
from tests.api.golden import PAGE, with_codes
from tests.world import World

REGENERATE = "write it anew with `.venv/bin/python -m tests.api.golden`"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_table_of_codes_is_that_of_the_code() -> None:
    assert with_codes(PAGE.read_text()) == PAGE.read_text(), REGENERATE


async def test_the_live_versions_and_what_they_changed_are_listed(world: World) -> None:
    said = PAGE.read_text().partition("## Versions")[2].partition("\n## ")[0]
    parameter = world.app.openapi()["components"]["parameters"]["InvxVersion"]
    assert parameter["schema"]["enum"] == sorted(LIVE, reverse=True)
    assert parameter["schema"]["default"] == max(LIVE)
    for version in LIVE:
        assert f"`{version}`" in said
    changes = [each for context in world.host.contexts.values() for each in context.api_changes]
    rows = [f"| `{each.since}` | `{each.resource}` | {each.says} |" for each in changes]
    assert [line for line in said.splitlines() if line.startswith("| `")] == rows
    assert [each.says for each in changes if each.says not in parameter["description"]] == []


async def test_the_walk_from_a_legal_entity_to_a_paid_invoice_works(world: World) -> None:
    client = world.client(await world.tenant())
    token = client.headers["authorization"].removeprefix("Bearer ")
    known = {"INVX": "http://invx.test", "TOKEN": token}
    answers = []
    for command in "".join(blocks("sh")).splitlines():
        words = shlex.split(Template(command).substitute(known))
        assert words[:2] == ["curl", "-sS"]
        options = {"-X": "", "-d": None, "-o": None}
        headers, url, rest = {}, "", iter(words[2:])
        for word in rest:
            if word == "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            elif word in options:
                options[word] = next(rest)
            else:
                url = word
        method = options["-X"] or ("POST" if options["-d"] else "GET")
        response = await client.request(method, url, headers=headers, content=options["-d"])
        assert response.is_success, f"{command}: {response.text}"
        if options["-o"]:
            assert response.content.startswith(b"%PDF")
            continue
        answers.append(response.json())
        if str(answers[-1].get("id")).startswith("inv_"):
            known["INVOICE"] = answers[-1]["id"]
    assert [each["object"] for each in answers] == [
        "legal_entity", "invoice", "check", "invoice", "explanation", "settlement", "list",
    ]  # fmt: skip
    assert answers[2]["valid"]
    assert answers[5]["status"] == "settled"
    assert [each["id"] for each in answers[6]["data"]] == [known["INVOICE"]]


async def test_the_example_of_a_problem_is_what_comes_back(world: World) -> None:
    [shown] = (json.loads(each) for each in blocks("json"))
    client = world.client(await world.tenant())
    taxes = [{"category": "S", "rate": 19}]
    response = await client.post("/v1/invoices", json={"lines": [{"taxes": taxes}]})
    assert response.json() | {"request_id": shown["request_id"]} == shown
