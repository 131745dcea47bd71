"""A seller's logo as SVG text: the one kind of picture that fits through the template's data."""

import base64
import binascii
import re

_BYTES_MAX = 1_000_000
_SIZE_AT = 16  # in a PNG: width and height, four bytes each, in the first chunk
_DATA_URI = re.compile(r"data:[\w/+.-]*(?:;[\w=-]+)*,", re.ASCII)


def logo_svg(logo: object) -> str | None:
    """The SVG of a logo given as base64, data URI or SVG text; None if it is none of them.

    A PNG is wrapped, as it is, in an SVG of its size. Anything else, and anything above 1 MB, is
    not drawn: the sheet then shows the initial of the seller.
    """
    if not isinstance(logo, str) or len(logo) > _BYTES_MAX * 4 // 3 + 100:
        return None
    if logo.lstrip().startswith("<"):
        return _svg(logo)
    match = _DATA_URI.match(logo)
    try:
        raw = base64.b64decode(logo[match.end() :] if match else logo, validate=True)
    except (binascii.Error, ValueError):
        return None  # not base64: no picture
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(raw)
    try:
        return _svg(raw.decode())
    except UnicodeDecodeError:
        return None  # neither a PNG nor text


def _svg(text: str) -> str | None:
    return text if "<svg" in text[:2000] else None


def _png(raw: bytes) -> str | None:
    width = int.from_bytes(raw[_SIZE_AT : _SIZE_AT + 4], "big")
    height = int.from_bytes(raw[_SIZE_AT + 4 : _SIZE_AT + 8], "big")
    if not width or not height:
        return None
    picture = base64.b64encode(raw).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{picture}"/></svg>'
    )
