"""`invx packs …`: what is known of the taxes of each country."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from invx.cli.ground import console, out
from invx.contexts.invoicing.adapters.tax_packs import packs_folder, packs_in
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Pack, Status
from invx.settings import read_settings

_COLOURS = {Status.COMPLETE: "green", Status.PARTIAL: "yellow", Status.NONE: "default"}


def list_() -> None:
    """Which country packs are in force: version, and how much each knows."""
    folder = packs_folder(read_settings().place.home)
    for pack in sorted(packs_in(folder).by_country.values(), key=lambda each: each.country):
        own = (folder / f"{pack.country}.toml").exists()
        out.print(_line(pack, "installed here" if own else "shipped"))


def update(
    file: Annotated[Path, typer.Argument(help="A country pack (TOML).", exists=True)],
) -> None:
    """Put a newer country pack in force, from the next start of the server on.

    It is read and checked first; one that is wrong is refused with the place of its fault, and
    what was in force stays.
    """
    text = file.read_text("utf-8")
    pack = pack_of(text)
    folder = packs_folder(read_settings().place.home)
    folder.mkdir(parents=True, exist_ok=True)
    before = packs_in(folder).get(pack.country)
    new = folder / f".{pack.country}.toml"
    new.write_text(text, "utf-8")
    new.replace(folder / f"{pack.country}.toml")
    was = f", was {before.version}" if before else ""
    console.print(f"{pack.name}: {pack.version}{was}. It counts from the next start on.")


def _line(pack: Pack, origin: str) -> Text:
    line = Text(f"{pack.country}  {pack.name:<32}")
    line.append(f" {pack.status:<9}", style=_COLOURS[pack.status])
    line.append(f" {pack.version}, {origin}", style="default")
    if pack.status is Status.PARTIAL:
        line.append(f"; only {', '.join(pack.covers)}", style="default")
    return line
