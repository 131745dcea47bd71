"""What a file is, told by its bytes: the types that an e-invoice may carry (BT-125-1, BR-CL-24)."""

import io
import zipfile

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ALLOWED = (PDF, PNG, JPEG, CSV, XLSX, ODS)
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg", CSV: ".csv", XLSX: ".xlsx", ODS: ".ods"}

_PDF_WITHIN = 1_024  # bytes before its mark, which readers forgive
_ZIP = b"PK\x03\x04"
# Stored as it is, before all else (OpenDocument 1.3 part 2, 3.3).
_ODS_FIRST = b"mimetype" + ODS.encode()
_ODS_AT = 30  # the length of a local header without its name
_MEMBERS_MAX = 10_000
_TEXT_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}


def media_type_of(content: bytes) -> str | None:
    """One of ALLOWED, or None. Nothing is unpacked."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(_ZIP):
        return _sheet(content)
    if b"%PDF-" in content[:_PDF_WITHIN]:  # after those that begin as something else
        return PDF
    return CSV if _is_text(content) else None


def _sheet(content: bytes) -> str | None:
    """A spreadsheet; no other zip, also none with macros (`vbaProject.bin`)."""
    if content[_ODS_AT : _ODS_AT + len(_ODS_FIRST)] == _ODS_FIRST:
        return ODS
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
        return None
    if len(names) > _MEMBERS_MAX or any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    return XLSX if {"[Content_Types].xml", "xl/workbook.xml"} <= set(names) else None


def _is_text(content: bytes) -> bool:
    """Text in UTF-8 with a comma, a semicolon or a tab in it, and no control characters."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if text.lstrip().startswith("<") or not any(each in text for each in ",;\t"):
        return False  # markup is no table, and a browser would run it
    return _TEXT_CONTROLS.isdisjoint(content)
