"""The installation: its folder, keys, port, and the official examples."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from invx.cli.demo import CORPUS, corpus_folder
from invx.cli.findings.finding import Finding, fail, ok, warn
from invx.cli.ground import Refused
from invx.cli.instance import running_instance
from invx.cli.serving import listening
from invx.demo.corpus import VERDICTS_FILE
from invx.settings import PlaceSettings, Settings


def home(place: PlaceSettings) -> Iterator[Finding]:
    """The folder can be written."""
    folder = place.home
    standing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    remedy = "Give it to the account that runs Invx, or name another folder in INVX_HOME."
    if not standing.is_dir():
        yield fail("home", f"{standing} is a file", "Remove it, or set INVX_HOME.")
    elif not os.access(standing, os.W_OK | os.X_OK):
        yield fail("home", f"{standing} cannot be written", remedy)
    elif folder.exists() and (foreign := _foreign(folder)) is not None:
        yield fail("home", f"{foreign} belongs to another account", remedy)
    else:
        yield ok("home", str(folder.absolute()) + ("" if folder.exists() else " (not made yet)"))


def _foreign(folder: Path) -> Path | None:
    """A file that this process cannot use although it is its own program's."""
    for path in (folder / "signing-key.json", folder / "postgres", folder / ".lock"):
        if os.geteuid() and path.exists() and path.stat().st_uid != os.geteuid():
            return path
    return None


def keys(settings: Settings) -> Iterator[Finding]:
    """The signing key is there, private, and the key set knows it."""
    key, jwks = settings.place.signing_key, settings.auth.jwks
    if not key.exists():
        yield ok("keys", "none yet: `invx up` or `invx migrate` makes them")
        return
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & 0o077:
        seen = f"{key} can be read by others (mode {mode:o})"
        remedy = f"chmod 600 {key}; whoever read it can be anybody: then remove it to get a new one"
        yield fail("keys", seen, remedy)
        return
    try:
        kid = json.loads(key.read_text())["kid"]
        known = {each["kid"] for each in json.loads(Path(str(jwks)).read_text())["keys"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        if str(jwks).startswith("http"):
            yield ok("keys", f"{key.name}; verified against {jwks}")
            return
        seen = f"cannot be read: {type(error).__name__} {error}"
        yield fail("keys", seen, f"Remove {key} and {jwks}: the next start makes new ones.")
        return
    if kid not in known:
        seen = f"{jwks} does not know the key in {key.name}"
        yield fail("keys", seen, f"Remove {key}: the next start makes a new pair.")
    else:
        yield ok("keys", f"{key.name} (mode {mode:o}), known to {Path(str(jwks)).name}")


def port(settings: Settings) -> Iterator[Finding]:
    """Free, or used by this very installation."""
    running = running_instance(settings.place.home)
    if running is not None:
        yield ok("port", f"Invx runs at {running.url or 'an address to come'}, pid {running.pid}")
        return
    where = f"{settings.serve.host}:{settings.serve.port}"
    try:
        with listening(settings.serve):
            yield ok("port", f"{where} is free")
    except Refused as error:
        yield fail("port", error.detail, "See who it is: ss -ltnp, or choose another INVX_PORT.")


def corpus() -> Iterator[Finding]:
    """The official e-invoices that the demo re-enters; without them it runs what Invx ships."""
    try:
        folder = corpus_folder(None)
    except Refused as error:
        yield fail("corpus", error.detail, f"Unset {CORPUS} to run the shipped requests.")
        return
    if folder is None:
        yield ok("corpus", f"none: the demo runs the shipped requests ({CORPUS} names a folder)")
    elif not (folder / VERDICTS_FILE).is_file():
        remedy = f"Put {VERDICTS_FILE} beside the files if you know which are exact."
        yield warn("corpus", f"{folder} has no {VERDICTS_FILE}", remedy)
    else:
        yield ok("corpus", str(folder))
