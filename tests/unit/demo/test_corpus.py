"""Which documents run, what is said about them, and that the official ones compute as announced."""

import csv
import json
import re
from pathlib import Path

import pytest

from invx.demo.compare import compare
from invx.demo.corpus import Verdict, load, read, shipped
from invx.demo.source import Expected
from invx.demo.xml import Unreadable
from tests.unit.demo.fake_api import compute
from tests.unit.demo.samples import CII, OFFICIAL, UBL, cases

HEADER = "file\ttype\tcurrency\trecomputed\n"


def test_every_exact_document_computes_to_its_own_figures() -> None:
    exact = [case for case in cases() if case.verdict is Verdict.EXACT]
    assert len(exact) >= 15
    for case in exact:
        assert case.source is not None, (case.name, case.unreadable)
        assert compare(case.source.expected, compute(case.source.request)) == [], case.name


def test_every_inexact_document_differs_as_announced() -> None:
    announced = {}
    if (OFFICIAL / "exact.tsv").is_file():
        with (OFFICIAL / "exact.tsv").open(encoding="utf-8") as rows:
            announced = {
                row["file"]: re.findall(r"line \d+ net (\S+) vs ([^\s;]+)", row["recomputed"])
                for row in csv.DictReader(rows, delimiter="\t")
            }
    for case in cases():
        if case.verdict is Verdict.INEXACT:
            assert case.source is not None, (case.name, case.unreadable)
            found = {
                (float(one.source), float(one.ours))
                for one in compare(case.source.expected, compute(case.source.request))
                if "net BT-131" in one.figure
            }
            named = {(float(theirs), float(ours)) for theirs, ours in announced[case.name]}
            assert named, case.name
            assert named <= found, case.name


def test_the_shipped_requests_are_varied() -> None:
    sources = [case.source for case in shipped().cases if case.source]
    assert len(sources) >= 15
    requests = [source.request for source in sources]
    assert any(request["type"] == "credit_note" for request in requests)
    assert any(request.get("type_code") == "389" for request in requests)
    assert any("prepaid" in request for request in requests)
    assert any("payable_rounding" in request for request in requests)
    assert any("tax_currency" in request for request in requests)
    assert any(len(request["lines"]) > 20 for request in requests)
    assert any(source.expected.totals["payable"] < 0 for source in sources)
    categories = {group.category for source in sources for group in source.expected.groups}
    assert {"S", "E", "O", "Z"} <= categories
    assert len({request["currency"] for request in requests}) >= 3
    names = [source.name for source in sources]
    assert len(set(names)) == len(names)
    assert all("/" in name and " of " in name for name in names)


def test_the_shipped_requests_hold_no_official_texts() -> None:
    official: set[str] = set()
    for case in cases():
        if case.source is not None and case.source.syntax != "JSON":
            official |= _texts(case.source.request) | _texts(case.source.seller)
    for case in shipped().cases:
        assert case.source is not None
        ours = _texts(case.source.request) | _texts(case.source.seller)
        assert not ours & official, case.name


def _texts(body: object) -> set[str]:
    """Names and wordings, without what everybody's document has (codes, dates, figures)."""
    if isinstance(body, list):
        return set().union(*map(_texts, body))
    if not isinstance(body, dict):
        return set()
    words = ("name", "legal_name", "description", "details", "line1", "email", "vat_id", "iban")
    found = {str(body[word]) for word in words if word in body}
    return found.union(*(_texts(inner) for inner in body.values()))


def test_expected_figures_survive_their_json() -> None:
    for case in cases():
        assert case.source is not None
        expected = case.source.expected
        assert Expected.from_json(json.loads(json.dumps(expected.to_json()))) == expected, case.name


def test_both_syntaxes_are_told_apart_by_their_root() -> None:
    assert read(UBL.encode(), "a").syntax == "UBL"
    assert read(CII.encode(), "b").syntax == "CII"
    long_comment = CII.replace("<!-- invented -->", f"<!-- {'licence ' * 2000} -->")
    assert read(long_comment.encode(), "b").syntax == "CII"


def test_another_kind_of_xml_is_refused() -> None:
    with pytest.raises(Unreadable, match="neither"):
        read(b"<html/>", "page.xml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.xml").write_text(UBL, "utf-8")
    (tmp_path / "sub" / "b.XML").write_text(CII, "utf-8")
    (tmp_path / "notes.txt").write_text("not an invoice")
    return tmp_path


def test_a_folder_without_verdicts_has_none(folder: Path) -> None:
    corpus = load(folder)
    assert [case.name for case in corpus.cases] == ["a.xml", "sub/b.XML"]
    assert {case.verdict for case in corpus.cases} == {Verdict.UNKNOWN}
    assert "not known which are exact" in corpus.title
    assert str(folder) in corpus.title


def test_verdicts_come_from_the_table(folder: Path) -> None:
    rows = "a.xml\t380\tEUR\texact\nsub/b.XML\t380\tEUR\tline 1 net 1 vs 2\ngone.xml\t\t\texact\n"
    (folder / "exact.tsv").write_text(HEADER + rows, "utf-8")
    corpus = load(folder)
    assert [case.verdict for case in corpus.cases] == [Verdict.EXACT, Verdict.INEXACT]
    assert corpus.missing == ("gone.xml",)


def test_a_file_that_the_table_does_not_name_is_unknown(folder: Path) -> None:
    (folder / "exact.tsv").write_text(HEADER + "a.xml\t380\tEUR\texact\n", "utf-8")
    assert [case.verdict for case in load(folder).cases] == [Verdict.EXACT, Verdict.UNKNOWN]


def test_an_unreadable_file_is_a_case_with_its_reason(folder: Path) -> None:
    (folder / "a.xml").write_text("<Invoice>", "utf-8")
    first, second = load(folder).cases
    assert first.source is None
    assert first.unreadable is not None
    assert "not well-formed" in first.unreadable
    assert second.source is not None


@pytest.mark.parametrize("place", [None, "absent", "empty"])
def test_without_files_the_shipped_requests_run(tmp_path: Path, place: str | None) -> None:
    (tmp_path / "empty").mkdir()
    corpus = load(tmp_path / place if place else None)
    assert corpus == shipped()
    assert "shipped requests" in corpus.title
