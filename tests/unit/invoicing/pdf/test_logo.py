"""Logos: what is drawn, and what is refused."""

import base64
import xml.etree.ElementTree as ET

import pytest

from invx.contexts.invoicing.adapters.sheet.logo import logo_svg
from tests.unit.invoicing.pdf.samples import png

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><rect width="2" height="1"/></svg>'


def base64_of(raw):
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_a_png_is_wrapped_in_an_svg_of_its_size(prefix):
    root = ET.fromstring(logo_svg(prefix + base64_of(png(120, 40))))
    assert root.attrib["viewBox"] == "0 0 120 40"
    assert root[0].attrib["href"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    "logo",
    [SVG, base64_of(SVG.encode()), "data:image/svg+xml;base64," + base64_of(SVG.encode())],
)
def test_an_svg_is_taken_as_it_is(logo):
    assert logo_svg(logo) == SVG


@pytest.mark.parametrize(
    "logo",
    [
        None,
        "",
        42,
        {"url": "https://example.org/logo.png"},
        "https://example.org/logo.png",
        "not base64!",
        base64_of(b"\xff\xd8\xff\xe0 a JPEG"),
        base64_of(b"GIF89a"),
        base64_of(b"plain text"),
        base64_of(png(0, 40)),
        base64_of(b"\x89PNG\r\n\x1a\n"),
        "<html></html>",
    ],
)
def test_anything_else_is_no_logo(logo):
    assert logo_svg(logo) is None


def test_a_logo_above_a_megabyte_is_not_drawn():
    assert logo_svg("A" * 1_500_000) is None
