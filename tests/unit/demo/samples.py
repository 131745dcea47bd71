"""An invented e-invoice in both syntaxes, and the official ones where they are at hand.

The two files state the same document and use every business term that the readers know.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from invx.demo.corpus import Case, Verdict, load, read, shipped
from invx.demo.source import Source

HERE = Path(__file__).parent
UBL = (HERE / "invoice_ubl.xml").read_text("utf-8")
CII = (HERE / "invoice_cii.xml").read_text("utf-8")
OFFICIAL = Path(os.environ.get("INVX_CORPUS") or HERE.parents[3] / "shared" / "corpus")


def changed(text: str, *changes: tuple[str, str]) -> Source:
    """The sample with some passages replaced; each must occur, or the test would show nothing."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read(text.encode(), "sample.xml")


def cases() -> Iterator[Case]:
    """The shipped requests always; the files of which the corpus speaks where it is at hand."""
    yield from shipped().cases
    if OFFICIAL.is_dir():
        yield from (case for case in load(OFFICIAL).cases if case.verdict is not Verdict.UNKNOWN)
