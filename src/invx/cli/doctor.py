"""`invx doctor`: what is wrong with a set-up, and how to mend it. Changes nothing."""

from collections.abc import Callable, Iterator

import typer
from rich.text import Text

from invx.cli.findings import database, installation, machine, rules, storage
from invx.cli.findings.finding import Finding, Level, fail
from invx.cli.ground import console, out
from invx.kernel.errors import DomainError
from invx.settings import Settings, read_settings

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor() -> None:
    """What is wrong here, and how to mend it."""
    worst = Level.OK
    for finding in examine():
        _show(finding)
        if finding.level is Level.FAIL or worst is Level.OK:
            worst = finding.level
    if worst is Level.FAIL:
        raise typer.Exit(1)
    console.print("All is well." if worst is Level.OK else "It works; see the remarks.")


def examine() -> Iterator[Finding]:
    """Everything that can be said; a check that fails itself is a finding too."""
    try:
        settings = read_settings()
    except DomainError as error:
        yield fail("settings", error.detail, "Correct or unset the variable.")
        settings = Settings()
    place = settings.place
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("Python", machine.python),
        ("packages", lambda: machine.packages(machine.lock_file())),
        ("PDF", machine.fonts),
        ("disk", lambda: machine.disk(place.home)),
        ("clock", lambda: machine.clock(place.home)),
        ("home", lambda: installation.home(place)),
        ("keys", lambda: installation.keys(settings)),
        ("port", lambda: installation.port(settings)),
        ("PostgreSQL", lambda: database.database(place)),
        ("storage", lambda: storage.storage(settings)),
        ("rules", lambda: rules.rules(place.home)),
        ("corpus", installation.corpus),
    ]
    for subject, check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - the doctor must get to the end
            seen = f"could not be examined: {type(error).__name__} {error}"
            yield fail(subject, seen, "This may be a defect of Invx: please report it.")


def _show(finding: Finding) -> None:
    line = Text(f"{finding.level:<5}", style=_STYLES[finding.level])
    line.append(f" {finding.subject:<11} {finding.seen}", style="default")
    out.print(line)
    if finding.remedy:
        out.print(Text(f"{'':<17} -> {finding.remedy}", style="bold"))
