"""`invx rules …`: the official rules that e-invoices are checked by."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from invx.cli.ground import console, out, program
from invx.contexts.invoicing.adapters.einvoice.validation import installed, sheets
from invx.contexts.invoicing.adapters.einvoice.validation.validator import (
    why_it_does_not_compile,
)
from invx.kernel.errors import DomainError
from invx.settings import read_settings


def list_() -> None:
    """Which rules are here: version, where from, checksum, and the formats that they apply to."""
    folder = installed.rules_folder(read_settings().place.home)
    for name in sheets.NAMES:
        formats = [each for each in sheets.FORMATS if name in sheets.suite(each, folder).names]
        _show(name, sheets.sheet(name, folder), formats)


def _show(name: str, sheet: sheets.Sheet | None, formats: list[str]) -> None:
    state = "missing" if sheet is None else _state(sheet)
    line = Text(f"{name:<17}", style="bold")
    line.append(f" {state:<8}", style="green" if state == "ok" else "yellow")
    if sheet is None:
        command = f"{program()} rules install FILE --sha256 …"
        line.append(f" install the publisher's file, compiled to XSLT: {command}", style="default")
    else:
        line.append(f" {sheet.version} ({sheet.source})", style="default")
    out.print(line)
    if sheet is not None:
        out.print(Text(f"{'':<26} sha256 {sheet.sha256}", style="dim"))
    out.print(Text(f"{'':<26} for {', '.join(formats)}", style="dim"))


def install(
    file: Annotated[Path, typer.Argument(help="A Schematron compiled to XSLT.")],
    sha256: Annotated[str, typer.Option(help="Its checksum, as the publisher states it.")],
) -> None:
    """Install a rule sheet.

    It takes the place of the one of the same rules that Invx brings, if there is one, and counts
    from the next validation on.
    """
    folder = installed.rules_folder(read_settings().place.home)
    done = installed.install(
        folder,
        file,
        sha256=sha256,
        names=sheets.NAMES,
        now=datetime.now(UTC),
        why_not=why_it_does_not_compile,
    )
    version = "" if done.version == installed.NOT_STATED else f" {done.version}"
    console.print(f"Installed {done.name}{version} from {done.file}.")


def _state(sheet: sheets.Sheet) -> str:
    try:
        sheets.verify(sheet)
    except DomainError:
        return "changed"
    return "ok"
