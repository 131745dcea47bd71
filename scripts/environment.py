"""Build .venv and install one lock into it, with nothing but the standard library.

`uv`, itself locked, does the installing because it is about ten times faster than pip; it does not
read pip's configuration, so that is translated first (a company index must be honoured by both).
Where uv cannot do it, pip does: the hashes in the lock make both equally strict.
"""

import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NO_MEANS = 3  # the exit code that lets environment.sh try another Python
LAUNCHER = """#!/bin/sh
'''exec' "$(dirname "$0")/python" "$0" "$@"
' '''
import sys

from invx.cli import main

sys.exit(main())
"""
# pip's option: uv's variable. Several values stand on several lines, or are separated by blanks.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}


def main() -> int:
    """Do what the module says for the lock named by the first argument."""
    level = sys.argv[1]
    started = time.monotonic()
    if not _is_sound():
        say(f"making .venv with Python {sys.version.split()[0]} ({sys.executable})")
        make_venv()
    locks = [ROOT / "requirements" / f"{name}.txt" for name in (level, "rules")]
    lines = [line for lock in locks for line in lock.read_text().splitlines()]
    count = sum("==" in line for line in lines if line[:1].isalnum())
    say(f"installing the {count} packages of requirements/{level}.txt and rules.txt, by hash")
    install(locks, dict(os.environ) | _without_cache())
    _put_checkout_on_path()
    say(f"ready after {time.monotonic() - started:.0f} s")
    return 0


def say(text: str) -> None:
    """One line of progress."""
    print(f"environment: {text}", flush=True)


def make_venv() -> None:
    """Make .venv by the first way that this machine offers; explain what to install if none."""
    # Debian ships Python without ensurepip: virtualenv, or a pip outside, can stand in.
    ways = (
        [[sys.executable, "-m", "venv", str(VENV)]],
        [[sys.executable, "-m", "virtualenv", str(VENV)]],
        [["virtualenv", "--python", sys.executable, str(VENV)]],
        [
            [sys.executable, "-m", "venv", "--without-pip", str(VENV)],
            [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "pip"],
        ],
    )
    for commands in ways:
        shutil.rmtree(VENV, ignore_errors=True)
        if VENV.exists():
            sys.exit(
                f"{VENV} belongs to another user: remove it, or work in a copy of this folder."
            )
        if all(_succeeds(*command) for command in commands):
            return
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(
        f"Python {version} at {sys.executable} cannot make a virtual environment with pip.\n"
        f"Debian, Ubuntu: apt-get install python{version}-venv (or python3-venv, or virtualenv).",
        file=sys.stderr,
    )
    sys.exit(NO_MEANS)


def install(locks: Sequence[Path], environ: dict[str, str]) -> None:
    """Make .venv hold exactly what the locks name, by uv or else by pip.

    The locks are complete but for what `rules.txt` leaves out on purpose, so nothing is resolved.
    """
    bootstrap = ROOT / "requirements" / "bootstrap.txt"
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(bootstrap)], environ):
        options = subprocess.run(
            [*pip, "config", "list"], capture_output=True, text=True, check=False
        ).stdout
        # Compiled once here, not by each process that starts, where files cannot be written later.
        uv = [str(VENV / "bin" / "uv"), "pip", "sync", "--python", str(PYTHON)]
        uv += ["--require-hashes", "--compile-bytecode"]
        if _run([*uv, *map(str, locks)], uv_settings(options.splitlines()) | environ):
            return
        say("uv could not do it; pip tries")
    by_pip = [*pip, "install", "--no-deps", "--require-hashes"]
    if not _run([*by_pip, *(f"--requirement={lock}" for lock in locks)], environ):
        sys.exit("The locks could not be installed; the reason stands above.")


def uv_settings(lines: Sequence[str]) -> dict[str, str]:
    """The variables that make uv look where pip looks, from the output of `pip config list`.

    A later line wins over an earlier one for the same option, as pip lists them by rising rank
    within a section; `:env:` beats `install`, which beats `global`.
    """
    rank = {"global": 0, "install": 1, ":env:": 2}
    chosen: dict[str, str] = {}
    for _, key, value in sorted(
        (rank[section], option, value)
        for section, option, value in map(_option, lines)
        if section in rank and option in PIP_TO_UV
    ):
        words = value.split()
        chosen[PIP_TO_UV[key]] = ",".join(words) if key == "find-links" else " ".join(words)
    if "UV_INDEX" in chosen:
        # pip takes the best candidate of all its indexes; the hashes decide what is acceptable.
        chosen["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return chosen


def _option(line: str) -> tuple[str, str, str]:
    name, _, value = line.partition("=")
    section, _, option = name.rpartition(".")
    try:
        return section, option, str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return section, option, value


def _is_sound() -> bool:
    """Whether .venv can be kept: it runs, is new enough, has pip, and was made in this folder."""
    pip = VENV / "bin" / "pip"
    if not pip.is_file() or str(VENV) not in pip.read_text(errors="replace")[:400]:
        return False
    return _succeeds(str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))")


def _run(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Run `command` before the user's eyes; whether it succeeded."""
    return subprocess.run(command, env=environ, check=False).returncode == 0


def _succeeds(*command: str) -> bool:
    """Whether `command` exists and succeeds, silently."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _without_cache() -> dict[str, str]:
    """Switches off both caches for an account without a home folder to write to."""
    home = Path(os.environ.get("HOME", "/nonexistent"))
    return {} if os.access(home, os.W_OK) else {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}


def _put_checkout_on_path() -> None:
    """Make `import invx` and the `invx` command use this checkout, without building a package."""
    (site,) = (VENV / "lib").glob("python3*/site-packages")
    (site / "invx-checkout.pth").write_text(f"{ROOT / 'src'}\n")
    launcher = VENV / "bin" / "invx"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
