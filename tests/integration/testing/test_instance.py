"""The instance and the client that tests of one's own are written with."""

import fcntl
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from invx.testing import plugin
from invx.testing.client import Business, ClockStopped, Refused, Sandbox
from invx.testing.instance import Instance, InstanceFailed
from tests.pace import slower
from tests.world import SELLER, draft_body

WARM_SECONDS_MAX = 5.0  # on the reference machine


def test_an_instance_starts_warm_in_seconds_and_leaves_nothing_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    before = set(threading.enumerate())
    starts = []
    for _ in range(3):
        instance = Instance(home)
        instance.start()
        starts.append(instance.seconds)
        assert httpx.get(f"{instance.url}/readyz", timeout=60).status_code == 200
        instance.stop()
        instance.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{instance.url}/readyz")
    with capsys.disabled():
        said = ", ".join(f"{each:.1f}" for each in starts)
        print(f"\ninvx.testing: cold, warm, warm: {said} s")
    assert min(starts[1:]) < WARM_SECONDS_MAX * slower()
    assert "invx" not in [each.name for each in set(threading.enumerate()) - before]


def test_an_instance_that_cannot_start_says_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    one, other = Instance(home), Instance(home)
    one.start()
    try:
        with pytest.raises(InstanceFailed, match="runs the cluster"):
            other.start()
    finally:
        one.stop()


def test_data_outlive_the_instance(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = Instance(home)
    first.start()
    owner = Business(first.url, "Tests", "ada@tests.example", "seventeen brass lanterns")
    first.stop()
    second = Instance(home)
    second.start()
    try:
        body = {"email": "ada@tests.example", "password": "seventeen brass lanterns"}
        signed_in = httpx.post(f"{second.url}/v1/sessions", json=body, timeout=60)
        assert signed_in.json()["user"] == owner.tokens["user"]
    finally:
        second.stop()


def test_each_test_has_a_sandbox_on_the_first_of_january(sandbox: Sandbox) -> None:
    now = sandbox.now
    assert (now.month, now.day, now.hour) == (1, 1, 8)
    assert now.year == datetime.now(UTC).year
    assert list(sandbox.list("/v1/legal-entities")) == []
    said = sandbox.get(f"/v1/sandboxes/{sandbox.id}")
    assert said["name"] == "test_each_test_has_a_sandbox_on_the_first_of_january"
    assert said["ends_at"] is not None


@pytest.mark.sandbox(clock="2029-02-28T12:00:00+01:00")
def test_a_marked_sandbox_is_as_marked(sandbox: Sandbox) -> None:
    assert f"{sandbox.now:%Y-%m-%d %H:%M}" == "2029-02-28 11:00"


def test_a_clock_advances_by_spans_timedeltas_and_to_moments(sandbox: Sandbox) -> None:
    year = sandbox.now.year
    assert f"{sandbox.advance('P1M'):%m-%d}" == "02-01"
    assert f"{sandbox.advance(timedelta(days=9, hours=1)):%m-%d %H}" == "02-10 09"
    shown = sandbox.advance(to=datetime(year, 3, 1, tzinfo=UTC))
    assert f"{shown:%m-%d %H}" == "03-01 00"
    with pytest.raises(Refused) as refused:
        sandbox.advance(to=datetime(year, 2, 1, tzinfo=UTC))
    assert refused.value.status == 422
    assert refused.value.problem["code"] == "clock_goes_back"


def test_what_the_api_refuses_fails_the_test_with_what_it_said(sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match=r"POST /v1/legal-entities: 422 .*/name"):
        sandbox.post("/v1/legal-entities", {})
    with pytest.raises(Refused, match="GET /v1/invoices/x: 404"):
        sandbox.get("/v1/invoices/x")


def test_a_list_is_read_to_its_end(sandbox: Sandbox) -> None:
    entity = sandbox.post("/v1/legal-entities", SELLER)
    for _ in range(5):
        draft = sandbox.post("/v1/invoices", draft_body())
    assert len(list(sandbox.list("/v1/invoices", limit=2))) == 5
    sandbox.delete(f"/v1/invoices/{draft['id']}")
    assert len(list(sandbox.list("/v1/invoices", limit=2))) == 4
    amended = sandbox.put(f"/v1/legal-entities/{entity['id']}", {**SELLER, "name": "Kontor Süd"})
    assert amended["name"] == "Kontor Süd"


def test_sandboxes_end_with_their_test(
    new_sandbox: Callable[..., Sandbox], business: Business
) -> None:
    kept, ended = new_sandbox(), business.sandbox("By hand")
    business.end(ended)
    seen = [each["id"] for each in business.list("/v1/sandboxes", limit=100)]
    assert kept.id in seen
    assert ended.id not in seen


def test_a_sandbox_is_set_up_like_another_one(
    sandbox: Sandbox, new_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox.post("/v1/legal-entities", SELLER)
    like = new_sandbox(configured_like=sandbox.id)
    like.advance("PT1M")  # by then it is set up: an advance settles what is under way
    assert [each["name"] for each in like.list("/v1/legal-entities")] == [SELLER["name"]]


def test_a_cancelled_advance_is_no_success(sandbox: Sandbox) -> None:
    path = f"/v1/sandboxes/{sandbox.id}/clock"
    real, said = sandbox.get, {"state": "cancelled", "failed": 0, "problem": None}

    def answered(asked: str, **query: object) -> dict[str, object]:
        return said if asked.startswith(f"{path}/") else real(asked, **query)

    sandbox.get = answered  # type: ignore[method-assign]  # somebody else cancels it
    with pytest.raises(ClockStopped, match="cancelled"):
        sandbox.advance("P1D")
    said |= {"state": "done", "failed": 3, "problem": {"detail": "job x is parked"}}
    with pytest.raises((ClockStopped, Refused)):
        sandbox.advance("P1D")


def test_a_business_refreshes_its_token(business: Business) -> None:
    before = business.tokens["refresh_token"]
    business._until = 0
    made = business.sandbox("After a while")
    assert business.tokens["refresh_token"] != before
    business.end(made)


def test_a_folder_that_another_run_has_is_left_to_it(tmp_path: Path) -> None:
    home = tmp_path / "gw7"
    with ExitStack() as one, ExitStack() as other:
        assert plugin.claimed(home, one) == home
        second = plugin.claimed(home, other)
        assert second != home
        assert second.exists()
    assert not second.exists()
    with (home / ".testing").open("w") as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back
