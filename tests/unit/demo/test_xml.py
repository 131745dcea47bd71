"""XML from strangers: no entities, no network, no surprises."""

from decimal import Decimal
from pathlib import Path

import pytest

from invx.demo.xml import Unreadable, parse
from tests.unit.demo.samples import CII, UBL, changed

OUTSIDE = '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file://{}">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_an_outside_entity_is_refused_and_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    text = f"{OUTSIDE.format(secret)}<Invoice>&x;</Invoice>"
    with pytest.raises(Unreadable, match="document type") as refused:
        parse(text.encode(), {})
    assert "the secret" not in str(refused.value)


@pytest.mark.parametrize(
    "declaration", [LAUGHS, "<!DOCTYPE a>", '<!DOCTYPE a SYSTEM "http://x/"> ']
)
def test_any_document_type_declaration_is_refused(declaration: str) -> None:
    with pytest.raises(Unreadable, match="document type"):
        parse(f"{declaration}<a/>".encode(), {})


def test_a_declaration_in_another_encoding_is_refused_too() -> None:
    text = f'<?xml version="1.0" encoding="UTF-16"?>{LAUGHS}<a>&b;</a>'
    with pytest.raises(Unreadable, match="document type"):
        parse(text.encode("utf-16"), {})


@pytest.mark.parametrize("sample", [UBL, CII])
def test_an_official_looking_file_with_an_entity_is_refused(sample: str) -> None:
    declared = "?>\n<!DOCTYPE x [<!ENTITY y 'Pears'>]>"
    with pytest.raises(Unreadable, match="document type"):
        changed(sample, ("?>\n", declared), ("Apples", "&y;"))


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"not xml", b"<a></b>", b"\xff\xfe\x00", b"<a>&z;</a>"]
)
def test_malformed_xml_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable, match="not well-formed"):
        parse(data, {})


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(Unreadable, match="not well-formed"):
        parse(b"<a>" * 100_000 + b"</a>" * 100_000, {})


def test_empty_text_counts_as_absent() -> None:
    root = parse(b'<a><b>  </b><c/><d k=" "/></a>', {})
    assert [root.text(path) for path in ("b", "c", "z")] == [None, None, None]
    assert root.number("b") is None
    assert [node.attribute("k") for node in root.all("d")] == [None]


def test_text_is_one_line_and_prose_keeps_its_lines() -> None:
    root = parse(b"<a><b>  one\n   two </b></a>", {})
    assert root.text("b") == "one two"
    assert root.prose("b") == "one\ntwo"


def test_numbers_keep_every_digit() -> None:
    assert parse(b"<a> 0.10000000000000000055 </a>", {}).number() == Decimal(
        "0.10000000000000000055"
    )


@pytest.mark.parametrize("text", ["1,5", "NaN", "Infinity", "1 000", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="not a number"):
        parse(f"<a>{text}</a>".encode(), {}).number()


def test_comments_and_instructions_are_not_text() -> None:
    assert parse(b"<a><b>be<!-- no -->fore<?no?></b></a>", {}).text("b") == "before"
