"""The pytest plugin: `invx` runs for the session, `sandbox` and `new_sandbox` for a test.

Nothing of Invx is imported before a test asks for a fixture.
"""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from invx.testing.client import Business, Sandbox
    from invx.testing.instance import Instance

_FOLDER = "invx_testing_folder"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the cluster of the tests stays."""
    about = "where `invx.testing` keeps its cluster between runs; pytest's cache unless set"
    parser.addini(_FOLDER, about, default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker that says what a test's sandbox is like."""
    config.addinivalue_line(
        "markers",
        "sandbox(clock=, configured_like=): what the fixture `sandbox` is made with.",
    )


@contextmanager
def running(config: pytest.Config) -> "Iterator[Instance]":
    """An instance, until the end of the block."""
    from invx.testing.instance import Instance

    with ExitStack() as stack:
        instance = Instance(_home(config, stack))
        instance.start()
        stack.callback(instance.stop)
        yield instance


@contextmanager
def signed_up(url: str) -> "Iterator[Business]":
    """A new business there, until the end of the block."""
    from invx.testing.client import Business

    email = f"tests-{secrets.token_hex(6)}@tests.example"
    owner = Business(url, "Tests", email, secrets.token_urlsafe(18))
    try:
        yield owner
    finally:
        owner.close()


@pytest.fixture(scope="session")
def invx(request: pytest.FixtureRequest) -> "Iterator[Instance]":
    """A running instance; `url` is where. The first run makes a cluster, the next ones reuse it."""
    with running(request.config) as instance:
        yield instance


@pytest.fixture(scope="session")
def business(invx: "Instance") -> "Iterator[Business]":
    """Who owns the sandboxes of this session."""
    with signed_up(invx.url) as owner:
        yield owner


@pytest.fixture
def new_sandbox(
    business: "Business", request: pytest.FixtureRequest
) -> "Iterator[Callable[..., Sandbox]]":
    """Makes sandboxes that end with the test: `new_sandbox(clock="2026-01-01T08:00:00Z")`."""
    made: list[Sandbox] = []

    def make(**more: Any) -> "Sandbox":
        january = datetime(datetime.now(UTC).year, 1, 1, 8, tzinfo=UTC)
        given = {"clock": january.isoformat(), **more}
        made.append(business.sandbox(_label(request.node.name), **given))
        return made[-1]

    yield make
    for each in made:
        business.end(each)


@pytest.fixture
def sandbox(new_sandbox: "Callable[..., Sandbox]", request: pytest.FixtureRequest) -> "Sandbox":
    """A sandbox of the test's own, on the first of January of this year unless it is marked."""
    marker = request.node.get_closest_marker("sandbox")
    return new_sandbox(**(marker.kwargs if marker else {}))


def _label(name: str) -> str:
    """A test's name, as far as a sandbox can have it."""
    return "".join(each if each.isprintable() else "?" for each in name).strip() or "test"


def _home(config: pytest.Config, stack: ExitStack) -> Path:
    """A folder that this process has to itself: the one that stays, or one for this run alone."""
    if named := config.getini(_FOLDER):
        base = Path(config.rootpath / named)
    elif (cache := getattr(config, "cache", None)) is not None:
        base = Path(cache.mkdir("invx"))
    else:
        return _temporary(stack)
    return claimed(base / os.environ.get("PYTEST_XDIST_WORKER", "main"), stack)


def claimed(home: Path, stack: ExitStack) -> Path:
    """`home`, for as long as `stack` is open; while another run of tests has it, another one."""
    home.mkdir(parents=True, exist_ok=True)
    held: IO[str] = stack.enter_context((home / ".testing").open("w"))
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _temporary(stack)
    return home


def _temporary(stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="invx-testing-")))
    folder.chmod(0o755)  # the account of the server goes through it
    return folder
