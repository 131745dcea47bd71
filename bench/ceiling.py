"""The ceiling: the captured statements replayed by pgbench, which does nothing but send them.

Every transaction has ids of its own: each fresh id of the captured request becomes a pattern that
ends with twelve digits, and pgbench puts client and count there. A finalize uses the ids of the
create of the same client and count, so it finds its draft; it locks the one row of its series, as
the server does. The opening, which the server sends as one text, goes out as one pipeline.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.capture import Captured, Statement, decoded
from invx.infra.embedded import Postgres
from invx.place import APP, DATABASE

_SUFFIX = "@twelvedigit"
_FIRST = 100_000_000_000
_PER_CLIENT = 1_000_000_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ROLE = re.compile(r'SET LOCAL ROLE "(\w+)"')


@dataclass(frozen=True, slots=True)
class Script:
    """A script of pgbench and the values of its variables."""

    text: str
    variables: dict[str, str]
    role: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How fast it went."""

    per_second: float
    transactions: int


def scripts_of(captured: Captured) -> dict[str, Script]:
    """The scripts for create and finalize."""
    patterns = _Patterns(captured)
    return {kind: patterns.script(captured.by_kind[kind]) for kind in ("create", "finalize")}


class _Patterns:
    def __init__(self, captured: Captured) -> None:
        self._captured = captured
        self._fresh: dict[str, str] = {}

    def script(self, statements: list[Statement]) -> Script:
        variables: dict[str, str] = {}
        lines = [
            r"\set n :n + 1",
            rf"\set s {_FIRST} + :client_id * {_PER_CLIENT} + :n",
            r"\startpipeline",
        ]
        opening, *rest = statements
        lines += [f"{part.strip()};" for part in opening.text.split(";")]
        lines.append(r"\endpipeline")
        for statement in rest:
            text = statement.text
            for number in range(len(statement.values), 0, -1):
                value = self._value(statement.values[number - 1], f"p{len(variables)}", variables)
                text = text.replace(f"${number}", value)
            lines.append(" ".join(text.split()) + ";")
        found = _ROLE.search(opening.text)
        return Script("\n".join(lines) + "\n", variables, found.group(1) if found else "")

    def _value(self, value: Any, name: str, variables: dict[str, str]) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, UUID):
            return f"{self._text(str(value), name, variables)}::uuid"
        if isinstance(value, list | tuple):
            return "ARRAY[" + ", ".join(self._value(each, name, variables) for each in value) + "]"
        if (rows := decoded(value)) is not None:
            value = json.dumps([self._unique(row) for row in rows], ensure_ascii=False)
        return self._text(str(value), name, variables)

    def _unique(self, row: dict[str, Any]) -> dict[str, Any]:
        """The numbers that would collide: of the series' events, and of what it has drawn."""
        mine = str(self._captured.series)
        if row.get("stream_id") == mine and "hash" in row:
            return {**row, "version": _SUFFIX}
        if row.get("series_id") == mine and "number" in row and "text" in row:
            return {**row, "number": _SUFFIX}
        return row

    def _text(self, value: str, name: str, variables: dict[str, str]) -> str:
        value = _UUID.sub(lambda match: self._pattern(match.group()), value)
        value = value.replace(self._captured.number, f"2026-{_SUFFIX}")
        if _SUFFIX not in value and len(value) < 60:
            return "'" + value.replace("'", "''") + "'"
        variables[name] = value
        return f"replace(:{name}::text, '{_SUFFIX}', :s::text)"

    def _pattern(self, id: str) -> str:
        if UUID(id) in self._captured.fixed:
            return id
        known = len(self._fresh)
        return self._fresh.setdefault(id, f"{id[:13]}-7{known:03x}-8000-{_SUFFIX}")


def replay(
    server: Postgres, script: Script, folder: Path, *, clients: int, each: int, after: int
) -> Replayed:
    """So many transactions by each client, after so many before them. Raises RuntimeError."""
    file = folder / "replay.sql"
    file.write_text(script.text)
    definitions = {**script.variables, "n": str(after)}
    command = [str(server.program("pgbench")), "-n", "-M", "prepared", "-f", str(file)]
    command += ["-c", str(clients), "-j", "1", "-t", str(each)]
    for name, value in definitions.items():
        command += ["-D", f"{name}={value}"]
    environment = {
        **os.environ,
        **server.environment(APP, DATABASE),
        # The statements are prepared before the script's own SET LOCAL ROLE runs.
        "PGOPTIONS": f"-c role={script.role} -c jit=off",
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"pgbench: {done.stderr[-2000:]}")
    return Replayed(
        _figure(r"tps = ([\d.]+)", done.stdout, float),
        _figure(r"actually processed: (\d+)", done.stdout, int),
    )


def _figure(pattern: str, text: str, kind: Callable[[str], Any]) -> Any:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"pgbench said nothing of {pattern}: {text}")
    return kind(found.group(1))
