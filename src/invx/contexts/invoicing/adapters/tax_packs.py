"""The country packs: those that are shipped, and newer ones that the operator has put in a folder.

Files are read once, at start. A pack of the operator replaces the shipped one of its country.
"""

from importlib.resources import files
from pathlib import Path

from invx.rules.tax.pack_text import PackInvalid, pack_of
from invx.rules.tax.packs import Pack, Packs


def packs_folder(home: Path) -> Path:
    """Where an installation keeps the packs of its own."""
    return home / "packs"


def packs_in(folder: Path | None = None) -> Packs:
    """The packs in force. Raises PackInvalid, naming the file."""
    shipped = files("invx.rules.tax") / "packs"
    texts = {each.name: each.read_text("utf-8") for each in shipped.iterdir()}
    if folder is not None and folder.is_dir():
        texts |= {each.name: each.read_text("utf-8") for each in folder.glob("[!.]*.toml")}
    return Packs.of(_read(name, text) for name, text in sorted(texts.items()) if name[0] != "_")


def _read(name: str, text: str) -> Pack:
    try:
        return pack_of(text)
    except PackInvalid as wrong:
        raise PackInvalid(f"{name}: {wrong.detail}", problems=wrong.problems) from None
