"""`invx demo`: official e-invoices through the public API of a server, compared to the cent."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer

import invx
from invx.cli.ground import (
    LOGIN,
    Refused,
    console,
)
from invx.cli.instance import end_instance, running_instance
from invx.cli.serving import interruptible
from invx.demo.api import Broken
from invx.demo.api import Refused as NotSignedUp
from invx.demo.login import Login, sign_up
from invx.demo.run import run_demo
from invx.settings import Settings, read_settings

CORPUS = "INVX_CORPUS"
START_SECONDS = 90
STOP_SECONDS = 60
INTERRUPTED = 130
_UP = "from invx.cli import main; main()"


def demo(
    corpus: Annotated[
        Path | None, typer.Option(help=f"A folder of UBL and CII files, instead of {CORPUS}.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Run the requests that Invx brings along.")
    ] = False,
) -> None:
    """Re-enter official e-invoices, to the cent.

    Each goes through the API; every figure is compared with the source; PDFs are written.

    Uses the server that `invx up` runs here, else a private one; a fresh tenant each time.
    """
    settings = read_settings()
    folder = None if shipped else corpus_folder(corpus)
    results = settings.place.home / "demo" / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}"
    code = INTERRUPTED
    with interruptible(), ExitStack() as stack:
        url = answering(settings.place.home)
        lasting = url is not None
        if url is None:
            settings = _private(settings)
            url = stack.enter_context(_private_server(settings))
        else:
            console.print(f"Using the server at {url}.")
        login = _fresh_business(url)
        key = results / "key"
        if lasting:
            login.save(results / LOGIN)
            key.write_text(login.key)
            key.chmod(0o600)
        code = run_demo(
            url, login.key, folder, results, token_command=f"cat {key}" if lasting else None
        )
    raise typer.Exit(code)


def corpus_folder(given: Path | None) -> Path | None:
    """The named folder, or the one beside the checkout if it is there. Raises Refused."""
    named = given or (Path(text) if (text := os.environ.get(CORPUS)) else None)
    if named is not None:
        if not named.is_dir():
            raise Refused(f"{named} is not a folder: name another in {CORPUS}, or say --shipped.")
        return named
    beside = Path(invx.__file__).resolve().parents[3] / "shared" / "corpus"
    return beside if beside.is_dir() else None


def answering(home: Path) -> str | None:
    """The URL of the server that `invx up` runs for this installation, if it answers."""
    running = running_instance(home)
    if running is None or not running.url:
        return None
    try:
        response = httpx.get(f"{running.url}/healthz", timeout=5)
    except httpx.HTTPError:
        return None
    return running.url if response.is_success else None


def _private(settings: Settings) -> Settings:
    """The same settings for an installation of the demo's own, with keys of its own."""
    home = settings.place.home / "demo"
    return replace(
        settings,
        place=replace(settings.place, home=home),
        auth=replace(settings.auth, jwks=home / "jwks.json"),
    )


@contextlib.contextmanager
def _private_server(settings: Settings) -> Iterator[str]:
    """`invx up` in a process of its own, on a free port; gone at the end. Raises Refused."""
    home = settings.place.home
    said = home / "up.txt"
    home.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    environment = {
        **os.environ,
        "INVX_HOME": str(home),
        "INVX_PORT": "0",
        "INVX_JWKS": str(settings.auth.jwks),
    }
    with said.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _UP, "up"],
            env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for us
        )  # fmt: skip
    try:
        with console.status("Starting a private server …"):
            url = _await_url(child, home, said)
        console.print(f"A private server runs at {url} ({time.monotonic() - begin:.1f} s).")
        yield url
    finally:
        end_instance(home, STOP_SECONDS)
        if child.poll() is None:
            child.terminate()
        child.wait(STOP_SECONDS)


def _await_url(child: "subprocess.Popen[bytes]", home: Path, said: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        # Its own end is not the end: another demo, killed, may have left a server to use.
        if url := answering(home):
            return url
        if child.poll() is not None:
            break
        time.sleep(0.05)
    raise Refused(f"The private server did not start: {said.read_text()[-1500:].strip()}")


def _fresh_business(url: str) -> Login:
    """One that nobody used before, so that every run begins at number one. Raises Refused."""
    try:
        return sign_up(url, f"Demo {datetime.now(UTC):%Y-%m-%d %H:%M:%S}")
    except (NotSignedUp, Broken) as error:
        raise Refused(f"No business could sign up for the demo: {error}") from error
