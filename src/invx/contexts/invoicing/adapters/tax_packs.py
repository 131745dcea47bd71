"""The country packs: those that are shipped, and newer ones that the operator has put in a folder.

Files are read once, at start. A pack of the operator replaces the shipped one of its country.
"""

from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Pack, Packs


def packs_folder(home: Path) -> Path:
    """Where an installation keeps the packs of its own."""
    return home / "packs"


def packs_in(folder: Path | None = None) -> Packs:
    """The packs in force. Raises PackInvalid, naming the file."""
    own = folder.glob("[!.]*.toml") if folder is not None and folder.is_dir() else ()
    read = _read_all((files("invx.rules.tax") / "packs").iterdir())
    return Packs.of((read | _read_all(own)).values())


def _read_all(found: Iterable[Traversable]) -> dict[str, Pack]:
    """The packs by country, in the order of their files. A name that begins with _ is a draft's."""
    packs: dict[str, Pack] = {}
    names: dict[str, str] = {}
    for file in sorted(found, key=lambda each: each.name):
        if file.name.startswith("_"):
            continue
        pack = _read(file)
        if other := names.get(pack.country):
            raise PackInvalid(f"{file.name}: {other} is a pack of {pack.country} already")
        packs[pack.country], names[pack.country] = pack, file.name
    return packs


def _read(file: Traversable) -> Pack:
    try:
        return pack_of(file.read_text("utf-8"))
    except UnicodeDecodeError as wrong:
        raise PackInvalid(f"{file.name}: not UTF-8: {wrong}") from None
    except PackInvalid as wrong:
        raise PackInvalid(f"{file.name}: {wrong.detail}", problems=wrong.problems) from None
