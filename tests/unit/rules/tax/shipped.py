"""The packs that come with the program, read once for all tests of the rules."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Pack, Packs


def packs_with(overrides: Iterable[Pack] = ()) -> Packs:
    """The shipped packs with a tenant's overrides, or packs of other countries, laid over."""
    return Packs.of(_shipped(), overrides)


@cache
def _shipped() -> tuple[Pack, ...]:
    """Read once a process."""
    folder = files("invx.rules.tax") / "packs"
    texts = (each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml"))
    return tuple(sorted(map(pack_of, texts), key=lambda pack: pack.country))
