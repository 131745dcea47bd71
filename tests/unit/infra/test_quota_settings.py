"""Files of quotas in a table, and buckets against a model that counts in fractions."""

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.quotas import Admission, Quota, TooManyRequests, quotas_of
from invx.infra.storage.places import FileLimits
from invx.infra.tenancy import UnknownTenant
from invx.kernel.errors import Kind
from invx.settings import SettingInvalid, read_settings

LINES = Path(__file__).with_name("quota_files.tsv").read_text("utf-8").splitlines()[1:]
# HUGE: more digits than a float holds.
ROWS = [line.replace("HUGE", "0" * 400).split("\t") for line in LINES]
ONE, TWO = UUID(int=1), UUID(int=2)


def said_of(quota: Quota) -> str:
    rate, a_day = quota.requests_per_second, quota.documents_per_day
    files = quota.files
    assert files is not None
    return (
        f"{quota.name} {'-' if rate is None else rate} {quota.burst} {files.file_bytes}"
        f" {files.files} {files.all_bytes} {'-' if a_day is None else a_day}"
    )


@pytest.mark.parametrize(("said", "means"), ROWS, ids=[each[0][:60] for each in ROWS])
def test_a_file_of_quotas_means_what_the_table_says(tmp_path: Path, said: str, means: str) -> None:
    path = tmp_path / "quotas.json"
    path.write_text(said, "utf-8")
    given_ = {"INVX_QUOTAS": str(path)}
    if means == "refused":
        with pytest.raises(SettingInvalid, match=r"INVX_QUOTAS: .*quotas\.json must be") as refused:
            read_settings(given_)
        assert "documents_per_day" in refused.value.detail, "it says what is possible"
        return
    assert "; ".join(map(said_of, read_settings(given_).quotas.values())) == means


def test_the_limits_of_the_installation_hold_where_a_class_names_none() -> None:
    own = FileLimits(file_bytes=5, files=6, all_bytes=7)
    [quota] = quotas_of({"small": {"files": 9}}, own).values()
    assert quota.files == FileLimits(file_bytes=5, files=9, all_bytes=7)


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def class_of(tenant_id: UUID) -> str:
    return "small"


def admission(quota: Quota, watch: Watch) -> Admission:
    return Admission({quota.name: quota}, class_of, watch)


async def asks(door: Admission, tenant_id: UUID) -> TooManyRequests | None:
    """None when it is let in."""
    try:
        await door.admit(tenant_id)
    except TooManyRequests as refused:
        return refused
    return None


class Model:
    """A bucket that counts in fractions and knows no tricks."""

    def __init__(self, rate: Fraction, burst: int) -> None:
        self.rate, self.burst, self.held, self.at = rate, burst, Fraction(burst), Fraction(0)

    def lets_in(self, at: Fraction) -> bool:
        self.held = min(Fraction(self.burst), self.held + (at - self.at) * self.rate)
        self.at = at
        if self.held < 1:
            return False
        self.held -= 1
        return True


# Times and rates that a binary fraction holds, so that both reckon the same.
pauses = st.lists(
    st.tuples(st.integers(0, 400).map(lambda each: Fraction(each, 64)), st.booleans()), max_size=60
)


@given(st.integers(1, 80), st.integers(1, 12), pauses)
async def test_a_bucket_lets_in_what_its_model_does(
    quarters: int, burst: int, steps: Sequence[tuple[Fraction, bool]]
) -> None:
    rate, watch, at = Fraction(quarters, 4), Watch(), Fraction(0)
    door = admission(Quota("small", float(rate), burst), watch)
    models = {each: Model(rate, burst) for each in (ONE, TWO)}
    for pause, first in steps:
        at += pause
        watch.now = float(at)
        tenant_id = ONE if first else TWO
        assert (await asks(door, tenant_id) is None) is models[tenant_id].lets_in(at)


@given(
    st.floats(0.01, 50.0),
    st.integers(1, 9),
    st.lists(st.floats(0.0, 3.0), min_size=10, max_size=40),
)
async def test_in_no_time_more_is_let_in_than_a_burst_and_what_came_in(
    rate: float, burst: int, steps: list[float]
) -> None:
    watch = Watch()
    door = admission(Quota("small", rate, burst), watch)
    let_in = []
    for pause in steps:
        watch.now += pause
        if await asks(door, ONE) is None:
            let_in.append(watch.now)
    for begin in range(len(let_in)):
        for end in range(begin, len(let_in)):
            most = burst + (let_in[end] - let_in[begin]) * rate
            assert end - begin + 1 <= most + 1e-5


@given(st.floats(0.001, 100.0), st.integers(1, 5), st.floats(0.0, 1e6), st.integers(1, 4))
async def test_who_waits_as_long_as_told_is_let_in(
    rate: float, burst: int, since: float, times: int
) -> None:
    watch = Watch()
    watch.now = since
    door = admission(Quota("small", rate, burst), watch)
    for _ in range(burst):
        assert await asks(door, ONE) is None
    for _ in range(times):
        refused = await asks(door, ONE)
        if refused is None:
            continue
        watch.now += int(refused.headers["Retry-After"])
        assert await asks(door, ONE) is None, refused.headers


@given(st.floats(0.001, 1000.0), st.integers(1, 1000))
async def test_a_refusal_says_what_is_allowed_and_when_to_come_again(
    rate: float, burst: int
) -> None:
    watch, quota = Watch(), Quota("small", rate, burst)
    door = admission(quota, watch)
    refused = None
    for _ in range(burst + 1):
        refused = await asks(door, ONE)
    assert refused is not None
    assert (refused.kind, refused.lasting, refused.code) == (
        Kind.TOO_MANY,
        False,
        "too_many_requests",
    )
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= math.ceil(1 / rate) + 1
    assert refused.headers["RateLimit-Policy"] == f'"small";q={burst};w={quota.window_seconds}'
    assert refused.headers["RateLimit"] == f'"small";r=0;t={wait}'
    assert (quota.window_seconds - 1) * rate <= burst <= quota.window_seconds * rate * (1 + 1e-9)


async def test_a_refused_request_costs_nothing() -> None:
    watch = Watch()
    door = admission(Quota("small", 1.0, 1), watch)
    assert await asks(door, ONE) is None
    for tenth in range(1, 10):
        watch.now = tenth / 10
        assert await asks(door, ONE) is not None
    watch.now = 1.0
    assert await asks(door, ONE) is None


async def test_only_classes_with_a_rate_are_looked_up() -> None:
    """Where no class is bounded the directory is not even asked."""
    asked: list[UUID] = []

    async def told(tenant_id: UUID) -> str:
        asked.append(tenant_id)
        raise UnknownTenant

    for quotas in ({}, {"files": Quota("files")}):
        assert await asks(Admission(quotas, told, Watch()), ONE) is None
    assert asked == []
    bounded = Admission({"small": Quota("small", 1.0)}, told, Watch())
    for _ in range(3):
        assert await asks(bounded, ONE) is None, "whoever is unknown is not found later"
    assert asked == [ONE] * 3


async def test_another_class_holds_from_the_next_request_on() -> None:
    classes, watch = ["large"], Watch()

    async def now(_: UUID) -> str:
        return classes[-1]

    quotas = {"small": Quota("small", 1.0, 2), "large": Quota("large", 1.0, 100)}
    door = Admission(quotas, now, watch)
    assert await asks(door, ONE) is None
    classes.append("small")
    assert [await asks(door, ONE) is None for _ in range(3)] == [True, True, False]
    classes.append("unbounded")
    assert await asks(door, ONE) is None
    classes.append("large")
    watch.now = 99.0
    assert [await asks(door, ONE) is None for _ in range(100)].count(True) == 99


def test_the_table_names_each_class_and_each_key() -> None:
    """So that a new key is not forgotten here."""
    whole = " ".join(said for said, means in ROWS if means != "refused")
    for key in ("requests_per_second", "burst", "file_bytes", "files", "files_bytes"):
        assert f'"{key}"' in whole
    sayings = [json.dumps(said) for said, _ in ROWS]
    assert len(set(sayings)) == len(sayings) > 60
    assert not any(one == other for one, other in pairwise(sayings))
