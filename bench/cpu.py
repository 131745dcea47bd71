"""CPU seconds of processes, from /proc, or from `ps` where there is none (macOS)."""

import os
import subprocess
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def seconds(pid: int) -> float:
    """User and system time of one process and of the children that it has waited for."""
    if not _PROC.joinpath("self/stat").exists():
        return sum(spent for each, _, spent in _listed() if each == pid)
    user, system, child_user, child_system = _stat(pid)[11:15]
    return (int(user) + int(system) + int(child_user) + int(child_system)) / _TICKS


def tree_seconds(pid: int) -> float:
    """The same with all children that live."""
    if not _PROC.joinpath("self/stat").exists():
        return sum(spent for each, parent, spent in _listed() if pid in (each, parent))
    total = seconds(pid)
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                if int(_stat(int(folder.name))[1]) == pid:
                    total += seconds(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile; its parent accounts for it
    return total


def by_program(pid: int) -> dict[str, float]:
    """The CPU seconds of a process and all below it, by what they are. Linux only."""
    parents, spent = dict[int, int](), dict[int, float]()
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                stat = _stat(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            parents[int(folder.name)] = int(stat[1])
            spent[int(folder.name)] = (int(stat[11]) + int(stat[12])) / _TICKS
    found: dict[str, float] = {}
    for each, seconds_spent in spent.items():
        above = each
        while above not in (0, pid):
            above = parents.get(above, 0)
        if above == pid:
            name = _called(each)
            found[name] = found.get(name, 0.0) + seconds_spent
    return found


def _called(pid: int) -> str:
    """The program of a process; of ours the context that it serves."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return "ended"
    if "--contexts" in words:
        return words[words.index("--contexts") + 1]
    return Path(words[0].split(":")[0]).name.split(" ")[0] or "ended"


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold spaces: state, parent and so on."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _listed() -> list[tuple[int, int, float]]:
    text = subprocess.run(
        ["ps", "-ax", "-o", "pid=,ppid=,time="], capture_output=True, text=True, check=True
    ).stdout
    return [
        (int(pid), int(parent), _clock(spent))
        for pid, parent, spent in map(str.split, text.splitlines())
    ]


def _clock(text: str) -> float:
    """`[[days-]hours:]minutes:seconds`."""
    days, _, rest = text.rpartition("-")
    total = float(days or 0) * 24
    for part in rest.split(":"):
        total = total * 60 + float(part)
    return total
