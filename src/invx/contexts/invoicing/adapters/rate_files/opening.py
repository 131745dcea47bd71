"""Which reader takes a file of rates: by its source and its first bytes."""

from dataclasses import replace
from datetime import date

from invx.contexts.invoicing.adapters.rate_files import bmf, ecb, hmrc, plain
from invx.contexts.invoicing.adapters.rate_files.reading import (
    RateFile,
    RateFileUnreadable,
    table_of,
    text_of,
    unpacked,
)

_ZIP = b"PK\x03\x04"
_XML = {"ecb": ecb.read_xml, "hmrc": hmrc.read_xml}
_CSV = {"ecb": ecb.read_csv, "bmf": bmf.read_csv, "hmrc": hmrc.read_csv}


def read_rates(data: bytes, source: str) -> RateFile:
    """What a file of a source says: XML, CSV or JSON, or one of these in a zip archive.

    A table in our own words is taken of every source. Raises RateFileUnreadable.
    """
    if data.startswith(_ZIP):
        data = unpacked(data)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        if source not in _XML:
            raise RateFileUnreadable(f"XML of {source} is not known; send CSV or JSON")
        return _XML[source](data)
    if start == b"{":
        return plain.read_json(data)
    text = text_of(data)
    columns, _ = table_of(text)
    if plain.is_plain(columns):
        return plain.read_csv(text)
    if source not in _CSV:
        raise RateFileUnreadable("its first line is not: base, quote, rate, and on or month")
    return _CSV[source](text)


def between(file: RateFile, first: date | None, last: date | None) -> RateFile:
    """Only the rates whose first day lies in these bounds, which are inclusive."""
    start, end = first or date.min, last or date.max
    kept = tuple([each for each in file.rates if start <= each.first_day <= end])
    return replace(file, rates=kept)
