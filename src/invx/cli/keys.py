"""`invx keys`: which key signs access tokens, and another one."""

import time
from pathlib import Path

from rich.table import Table

from invx.cli.ground import console, out
from invx.infra.key_rotation import KeyFiles, published
from invx.infra.key_rotation import rotate as rotate_keys
from invx.infra.system import SystemClock
from invx.settings import Settings, read_settings


def files_of(settings: Settings) -> KeyFiles:
    """The key files of this installation; a set that is read over HTTP is the home's own."""
    jwks = settings.auth.jwks
    home = settings.place.home
    return KeyFiles(
        settings.place.signing_key, jwks if isinstance(jwks, Path) else home / "jwks.json"
    )


def list_() -> None:
    """The published keys: which one signs, which are there for their last tokens."""
    table = Table(box=None, pad_edge=False)
    for column in ("key", "state", "published until"):
        table.add_column(column, no_wrap=True)
    for key in published(files_of(read_settings())):
        until = key.until.isoformat(timespec="seconds") if key.until else ""
        table.add_row(key.kid, key.state, until)
    out.print(table)


def rotate() -> None:
    """Let a new key sign access tokens, without a stop; takes a bit more than a minute.

    Cut off, it changes nothing that matters; run it again. Running processes notice by themselves.
    """

    def wait(seconds: float) -> None:
        console.print(f"The new key is published; it signs in {seconds:.0f} s.")
        time.sleep(seconds)

    done = rotate_keys(files_of(read_settings()), SystemClock(), wait)
    out.print(f"{done.kid} signs now, instead of {done.before}.")
    for kid in done.gone:
        out.print(f"{kid} is published no more: its last token has ended.")
