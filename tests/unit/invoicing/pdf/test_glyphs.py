"""Characters that the fonts have, and what becomes of others."""

from pathlib import Path

import pytest

from invx.contexts.invoicing.adapters import pdf
from invx.contexts.invoicing.adapters.sheet.glyphs import MISSING, Glyphs

FONTS = Path(pdf.__file__).parent / "fonts"


@pytest.fixture(scope="module")
def glyphs():
    return Glyphs.of([FONTS])


def test_the_bundled_faces_speak_latin_greek_and_cyrillic(glyphs):
    for text in (
        "Zażółć gęślą jaźń",
        "Příliš žluťoučký kůň",
        "Ξεσκεπάζω την ψυχοφθόρα",
        "Съешь ещё этих мягких",
        "Þú dáðst mjög að",
        "€ £ ₴ ₹ § – “ ” „ ’ · × □",
    ):
        assert glyphs.drawable(text) == text


def test_a_character_that_no_face_has_becomes_a_visible_box(glyphs):
    assert glyphs.drawable("Logo 😀 für 中文") == f"Logo {MISSING} für {MISSING}{MISSING}"
    assert MISSING in glyphs


def test_characters_that_shaping_consumes_are_kept(glyphs):
    for text in ("a\u200bb", "a\u200db", "soft\u00adhyphen", "\u2066x\u2069", "x\ufe0f"):
        assert glyphs.drawable(text) == text


def test_format_characters_with_a_shape_become_boxes(glyphs):
    assert glyphs.drawable("\u0601\u06dd") == MISSING * 2


def test_plain_text_passes_untouched(glyphs):
    text = "Invoice 2026-1413"
    assert glyphs.drawable(text) is text


def test_a_folder_without_fonts_has_no_characters(tmp_path):
    assert "A" not in Glyphs.of([tmp_path])


def test_every_bundled_face_has_the_same_characters():
    counts = set()
    for face in FONTS.glob("*.otf"):
        counts.add(len(Glyphs.of([_alone(face)])._characters))
    assert len(counts) == 1
    assert counts.pop() > 2000


def _alone(face):
    class Folder:
        def rglob(self, pattern):
            return [face]

    return Folder()


def test_the_licence_of_the_fonts_is_beside_them():
    text = (FONTS / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in text
    assert "The Inter Project Authors" in text
    assert {face.name for face in FONTS.glob("*.otf")} == {
        f"Inter-{weight}.otf" for weight in ("Regular", "Medium", "SemiBold", "Bold")
    }
