import httpx
import pytest

from invx.infra.http.versions import CURRENT, VERSIONS, Versions
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import NEW, NOTE, OLD

NOTE_PATH = f"/v1/notes/{typeid('note', NOTE)}"


async def test_without_the_header_the_newest_version_answers(client: httpx.AsyncClient) -> None:
    answered = await client.get(NOTE_PATH)
    assert answered.headers["invx-version"] == NEW
    assert answered.json()["title"] == "Remember the milk"


async def test_an_older_version_shows_the_older_shape(client: httpx.AsyncClient) -> None:
    answered = await client.get(NOTE_PATH, headers={"Invx-Version": OLD})
    assert answered.headers["invx-version"] == OLD
    assert answered.json()["subject"] == "Remember the milk"
    assert "title" not in answered.json()


@pytest.mark.parametrize("asked", ["2020-01-01", "2026-11-02", "latest", "1", "é", ""])
async def test_an_unknown_version_is_refused_with_the_live_ones(
    client: httpx.AsyncClient, asked: str
) -> None:
    answered = await client.get(NOTE_PATH, headers={"Invx-Version": asked.encode("latin-1")})
    assert answered.status_code == 400
    assert answered.json()["code"] == "unknown_version"
    assert f"{NEW}, {OLD}" in answered.json()["detail"]
    assert answered.headers["invx-version"] == NEW
    assert answered.headers["x-request-id"] == answered.json()["request_id"]


def test_the_shipped_version_is_the_current_one() -> None:
    assert VERSIONS.current == CURRENT
    assert VERSIONS.oldest in VERSIONS.live


def three() -> tuple[Versions, list[str]]:
    versions = Versions(["2025-01-01", "2027-01-01", "2026-01-01"])
    applied: list[str] = []

    @versions.downcast("thing", before="2026-01-01")
    def first(value: dict) -> dict:
        applied.append("2026")
        return value | {"shape": "oldest"}

    @versions.downcast("thing", before="2027-01-01")
    def second(value: dict) -> dict:
        applied.append("2027")
        return value | {"shape": "middle", "seen": value["shape"]}

    return versions, applied


def test_down_casts_are_applied_newest_first() -> None:
    versions, applied = three()
    assert versions.cast("thing", {"shape": "new"}, "2025-01-01") == {
        "shape": "oldest",
        "seen": "new",
    }
    assert applied == ["2027", "2026"]


def test_only_the_steps_back_to_the_asked_version_are_applied() -> None:
    versions, applied = three()
    assert versions.cast("thing", {"shape": "new"}, "2026-01-01")["shape"] == "middle"
    assert applied == ["2027"]


def test_the_newest_version_is_the_same_object() -> None:
    versions, applied = three()
    value = {"shape": "new"}
    assert versions.cast("thing", value, versions.current) is value
    assert applied == []


def test_another_resource_is_left_alone() -> None:
    versions, applied = three()
    assert versions.cast("other", {"shape": "new"}, versions.oldest) == {"shape": "new"}
    assert applied == []
