"""`invx services`: how each process of `invx up --services` is, on one page."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from invx.cli.ground import Refused, out, program
from invx.infra.supervised import listens
from invx.settings import read_settings

_SECONDS_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One process: whether it is well, what it says of itself, and where it logs."""

    name: str
    well: bool
    said: str
    log: str


def status() -> None:
    """How each part of `invx up --services` is; exit code 1 unless all are well."""
    home = read_settings().place.home
    file = home / "services" / "services.json"
    if not file.exists():
        raise Refused(f"No services run here: `{program()} up --services` starts them.")
    seen = list(look(json.loads(file.read_text())))
    for each in seen:
        out.print(f"{each.name:12} {'well' if each.well else 'DOWN'}  {each.said}  log: {each.log}")
    if not all(each.well for each in seen):
        raise SystemExit(1)


def look(known: Mapping[str, Mapping[str, Any]]) -> Iterator[Seen]:
    """Ask each part."""
    for name, at in known.items():
        if "url" in at:
            well, said = _asked(str(at["url"]), "/healthz" if name == "gateway" else "/readyz")
        elif "port" in at:
            well, said = listens(int(at["port"])), f"port {at['port']}"
        else:
            socket = Path(str(at["socket"]))
            well, said = socket.exists(), str(socket)
        yield Seen(name, well, said, str(at["log"]))


def _asked(url: str, path: str) -> tuple[bool, str]:
    try:
        answer = httpx.get(f"{url}{path}", timeout=_SECONDS_MAX)
    except httpx.HTTPError as error:
        return False, f"{url} {type(error).__name__}"
    failing = [name for name, well in answer.json().get("checks", {}).items() if not well]
    said = f"{url} not ready: {', '.join(failing)}" if failing else url
    return answer.is_success, said
