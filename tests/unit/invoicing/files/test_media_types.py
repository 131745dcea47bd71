"""What a file is, told by its bytes alone."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.media_types import (
    ALLOWED,
    CSV,
    JPEG,
    ODS,
    PDF,
    PNG,
    XLSX,
    media_type_of,
)
from invx.contexts.invoicing.domain.einvoice.code_lists import MEDIA_TYPES


def packed(*names: str, first: tuple[str, str] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        if first is not None:
            file.writestr(zipfile.ZipInfo(first[0]), first[1], zipfile.ZIP_STORED)
        for name in names:
            file.writestr(name, "<x/>")
    return target.getvalue()


SHEET = ("[Content_Types].xml", "xl/workbook.xml")
KNOWN = {
    "a pdf": (b"%PDF-1.7\n", PDF),
    "a pdf after some junk": (b"\r\n\r\n%PDF-1.4", PDF),
    "a png": (b"\x89PNG\r\n\x1a\n....", PNG),
    "a jpeg": (b"\xff\xd8\xff\xe0....", JPEG),
    "a table": (b"a;b\n1;2\n", CSV),
    "a table with a mark": ("\ufeffä,b\r\n".encode(), CSV),
    "tabs": (b"a\tb\n", CSV),
    "xlsx": (packed(*SHEET), XLSX),
    "ods": (packed("content.xml", first=("mimetype", ODS)), ODS),
}
UNKNOWN = {
    "nothing": b"",
    "no table": b"hello",
    "markup": b"  <!doctype html><script>alert(1)</script>,",
    "an svg": b"<svg xmlns='x' onload='a,b'/>",
    "latin-1": "ä,b".encode("latin-1"),
    "a null": b"a,b\x00",
    "an escape": b"a,b\x1b[2J",
    "an exe": b"MZ\x90\x00,",
    "a zip": packed("a.txt"),
    "a document": packed("[Content_Types].xml", "word/document.xml"),
    "macros": packed(*SHEET, "xl/vbaProject.bin"),
    "macros in disguise": packed(*SHEET, "xl/VBAPROJECT.BIN"),
    "half a zip": packed(*SHEET)[:40],
    "a text document": packed(first=("mimetype", ODS.replace("spreadsheet", "text"))),
    "pdf too late": b" " * 2_000 + b"%PDF-1.7",
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_allowed_is_known(name: str) -> None:
    content, expected = KNOWN[name]
    assert media_type_of(content) == expected


@pytest.mark.parametrize("name", UNKNOWN)
def test_nothing_else_is(name: str) -> None:
    assert media_type_of(UNKNOWN[name]) is None


def test_an_e_invoice_may_carry_each(  # BR-CL-24
) -> None:
    assert set(ALLOWED) == set(MEDIA_TYPES)


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    assert media_type_of(content) in (*ALLOWED, None)
    assert media_type_of(b"PK\x03\x04" + content) in (XLSX, ODS, None)
    assert media_type_of(b"PK\x03\x04%PDF-" + content) in (XLSX, ODS, None)
