"""Metrics of processes without HTTP, and how processes are called in traces."""

import socket
from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest

from invx.cli.ground import Refused
from invx.cli.parts import named
from invx.cli.serving import showing_metrics
from invx.host import CONTEXTS
from invx.infra.metrics import RELAYED
from invx.infra.observability import metrics_shown
from invx.infra.quotas import DEFAULT_CLASS, Admission, Quota
from invx.infra.storage.places import FileLimits
from invx.infra.tenancy import UnknownTenant
from invx.settings import SettingInvalid, read_settings

HERE = "127.0.0.1"


def free() -> int:
    with socket.create_server((HERE, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_process_without_http_shows_its_metrics_until_it_ends() -> None:
    RELAYED.labels("planted").inc()
    port = free()
    with metrics_shown(HERE, port):
        page = httpx.get(f"http://{HERE}:{port}/metrics")
        assert page.headers["content-type"].startswith("text/plain")
        assert 'invx_relayed_total{context="planted"}' in page.text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{HERE}:{port}/metrics")
    with metrics_shown(HERE, port):
        assert httpx.get(f"http://{HERE}:{port}/").status_code == 200, "the port is free again"


def test_without_a_port_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)  # whoever listened would need one
    with metrics_shown(HERE, 0), showing_metrics(read_settings({})):
        assert read_settings({}).observability.metrics_port == 0


def test_a_port_that_is_taken_is_refused_by_the_name_of_its_setting() -> None:
    with socket.create_server((HERE, 0)) as listener:
        taken = str(listener.getsockname()[1])
        settings = read_settings({"INVX_METRICS_PORT": taken})
        with pytest.raises(Refused, match=f"{taken}.*INVX_METRICS_PORT"), showing_metrics(settings):
            raise AssertionError("it began all the same")


def test_what_fails_inside_is_not_taken_for_a_port() -> None:
    settings = read_settings({"INVX_METRICS_PORT": str(free())})
    with pytest.raises(ConnectionError, match="database"), showing_metrics(settings):
        raise ConnectionError("database")


@pytest.mark.parametrize("given", ["-1", "65536", "http", "90.5"])
def test_what_is_no_port_is_refused(given: str) -> None:
    with pytest.raises(SettingInvalid, match="INVX_METRICS_PORT"):
        read_settings({"INVX_METRICS_PORT": given})


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (CONTEXTS, "invx"),
        (tuple(reversed(CONTEXTS)), "invx"),
        (("analytics",), "invx-analytics"),
        (("invoicing", "identity"), "invx-invoicing-identity"),
    ],
)
def test_in_traces_a_process_goes_by_its_contexts(names: Sequence[str], called: str) -> None:
    settings = read_settings({"INVX_TRACE_PERCENT": "7"})
    seen = named(settings, names)
    assert seen.observability.service == called
    assert seen.observability.trace_sample_ratio == 0.07
    assert seen.serve == settings.serve


ONE = UUID(int=1)


def door(said: str | None, *known: str) -> Admission:
    """Of an installation with these classes, whose directory says this of every tenant."""

    async def class_of(_: UUID) -> str:
        if said is None:
            raise UnknownTenant
        return said

    return Admission({name: Quota(name, files=FileLimits(1, 1, 1)) for name in known}, class_of)


@pytest.mark.parametrize(
    ("said", "known", "label"),
    [
        ("small", ("small",), "small"),
        ("standard", ("small",), "standard"),
        ("standard", ("small", "standard"), "standard"),
        ("Ada Lovelace", ("small",), "other"),
        ("none", ("small",), "other"),
        (None, ("small",), "none"),
        ("small", (), DEFAULT_CLASS),
        (None, (), DEFAULT_CLASS),
    ],
)
async def test_a_class_is_a_label_only_where_the_settings_know_it(
    said: str | None, known: Sequence[str], label: str
) -> None:
    assert await door(said, *known).label_of(ONE) == label


async def test_looking_at_a_class_takes_nothing_from_the_tenant() -> None:
    counting = door("small", "small")
    await counting.label_of(ONE)
    assert counting.asked_today(ONE) == 0
