import httpx
import pytest

from invx.infra.http.etag import MalformedIfMatch, etag, parse_if_match
from invx.kernel.errors import Stale
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import NOTE

NOTE_PATH = f"/v1/notes/{typeid('note', NOTE)}"


def test_a_version_is_an_entity_tag_and_back() -> None:
    assert etag(3) == '"3"'
    assert parse_if_match(etag(3)) == 3
    assert parse_if_match(' "12" ') == 12


@pytest.mark.parametrize("value", [None, "*", " * "])
def test_without_a_tag_any_version_will_do(value: str | None) -> None:
    assert parse_if_match(value) is None


@pytest.mark.parametrize("value", ['W/"3"', '"abc"', '""', '"' + "9" * 40 + '"'])
def test_a_tag_that_no_version_has_is_stale(value: str) -> None:
    with pytest.raises(Stale):
        parse_if_match(value)


@pytest.mark.parametrize("value", ["3", "", '"3', '"3", "4"', "'3'", '"3"x'])
def test_what_is_no_tag_is_named(value: str) -> None:
    with pytest.raises(MalformedIfMatch) as caught:
        parse_if_match(value)
    assert caught.value.problems[0].pointer == "header:If-Match"


async def test_a_read_tells_its_version(client: httpx.AsyncClient) -> None:
    assert (await client.get(NOTE_PATH)).headers["etag"] == '"3"'


@pytest.mark.parametrize("tag", ['"3"', 'W/"3"', '"1", "3"', "*"])
async def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient, tag: str) -> None:
    answered = await client.get(NOTE_PATH, headers={"If-None-Match": tag})
    assert answered.status_code == 304
    assert answered.headers["etag"] == '"3"'
    assert answered.content == b""


@pytest.mark.parametrize("tag", ['"2"', '"33"', "3", ""])
async def test_what_has_changed_is_sent(client: httpx.AsyncClient, tag: str) -> None:
    answered = await client.get(NOTE_PATH, headers={"If-None-Match": tag})
    assert answered.status_code == 200


async def test_a_write_proceeds_only_on_the_version_that_was_read(
    client: httpx.AsyncClient,
) -> None:
    body = {"title": "Remember the bread"}
    fresh = await client.put(NOTE_PATH, json=body, headers={"If-Match": '"3"'})
    old = await client.put(NOTE_PATH, json=body, headers={"If-Match": '"2"'})
    blind = await client.put(NOTE_PATH, json=body)
    assert (fresh.status_code, old.status_code, blind.status_code) == (204, 412, 428)
    assert old.json()["code"] == "stale"
    assert blind.json()["code"] == "precondition_required"
