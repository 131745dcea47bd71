"""Whatever body is right by the document of the API: it is accepted and comes back as sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from invx.infra.embedded import Postgres
from tests.api.stage import Stage, open_stage
from tests.e2e.acts import contained
from tests.unit.invoicing.api.bodies import all_drafts

JSON = {"content-type": "application/json"}
quick = settings(
    max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def stage(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(server, tmp_path_factory.mktemp("stage")) as opened:
        yield opened


def draft_of(stage: Stage, body: dict[str, Any]) -> dict[str, Any]:
    sent = {"legal_entity": stage.real("le", 0), **body}
    answer = stage.post("/v1/invoices", json.dumps(sent).encode(), JSON)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(lines: list[dict[str, Any]]) -> Iterator[str]:
    for line in lines:
        yield line["id"]
        yield from ids(line["children"])


@quick
@given(body=all_drafts)
def test_any_draft_comes_back_as_it_was_sent(stage: Stage, body: dict[str, Any]) -> None:
    answered = draft_of(stage, body)
    read = stage.get(f"/v1/invoices/{answered['id']}").json()
    contained(body, read)
    assert read == answered
    every = list(ids(read["lines"]))
    assert len(set(every)) == len(every)


@quick
@given(body=all_drafts)
def test_any_draft_says_the_same_when_it_is_sent_back(stage: Stage, body: dict[str, Any]) -> None:
    """A client may read, change one thing and write the whole: nothing else moves."""
    draft = draft_of(stage, body)
    path = f"/v1/invoices/{draft['id']}"
    kept = [line["id"] for line in draft["lines"]]
    named = [{**line, "id": id} for line, id in zip(body["lines"], kept, strict=True)]
    request = stage.client.build_request("PUT", path, json={**body, "lines": named})
    again = stage.send(request)
    assert again.status_code == 200, again.text
    said = again.json()
    assert said["totals"] == draft["totals"]
    assert [line["id"] for line in said["lines"]] == kept
    contained(body, said)


@quick
@given(body=all_drafts)
def test_the_check_of_any_draft_states_its_figures(stage: Stage, body: dict[str, Any]) -> None:
    draft = draft_of(stage, body)
    sent = json.dumps({"legal_entity": stage.real("le", 0), **body}).encode()
    checked = stage.post("/v1/invoices/check", sent, JSON).json()
    assert checked["totals"] == draft["totals"]
    assert checked["tax_groups"] == draft["tax_groups"]
    assert checked["lines"] == draft["lines"]
