"""The whole demo against the stand-in API: what passes, what fails, what it prints and writes."""

import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from invx.demo.corpus import Verdict
from invx.demo.outcome import Result
from invx.demo.run import run_demo
from tests.unit.demo.fake_api import TOKEN, FakeApi, problem
from tests.unit.demo.samples import CII, OFFICIAL, UBL

# The net of the first line, typed by hand: one cent off quantity x price.
INEXACT = UBL.replace('EUR">90.00</cbc:Line', 'EUR">90.01</cbc:Line')


class Demo:
    """A folder, an API, and what the last run printed."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "corpus"
        self.folder.mkdir()
        self.out = place / "out"
        self.api = FakeApi()
        self.printed = ""

    def put(self, name: str, text: str, verdict: str | None = None) -> None:
        (self.folder / name).write_text(text, "utf-8")
        if verdict:
            table = self.folder / "exact.tsv"
            head = "" if table.exists() else "file\trecomputed\n"
            with table.open("a", encoding="utf-8") as rows:
                rows.write(f"{head}{name}\t{verdict}\n")

    def run(self, folder: Path | None = None, token: str = TOKEN) -> int:
        console = Console(file=io.StringIO(), width=130)
        code = run_demo(
            "http://invx.test/",
            token,
            folder or self.folder,
            self.out,
            token_command="bin/invx token",
            transport=self.api.transport,
            console=console,
        )
        file = console.file
        assert isinstance(file, io.StringIO)
        self.printed = file.getvalue()
        return code

    @property
    def closing(self) -> str:
        return self.printed.rstrip("\n").splitlines()[-1]

    @property
    def report(self) -> list[dict[str, Any]]:
        body = json.loads((self.out / "report.json").read_text("utf-8"))
        documents: list[dict[str, Any]] = body["documents"]
        return documents


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def test_equal_documents_pass(demo: Demo) -> None:
    demo.put("a.xml", UBL, "exact")
    demo.put("b.xml", CII, "exact")
    assert demo.run() == 0
    assert demo.closing == "2 passed, 0 failed"
    assert [entry["result"] for entry in demo.report] == ["equal", "equal"]


def test_an_inexact_document_is_reported_with_both_figures(demo: Demo) -> None:
    demo.put("a.xml", INEXACT, "line 1 net 90.01 vs 90.00")
    assert demo.run() == 0
    assert demo.closing == "1 passed, 0 failed"
    assert "line 1 net BT-131: source 90.01, ours 90.00" in demo.printed
    assert demo.report[0]["differences"] == [
        {"figure": "line 1 net BT-131", "source": "90.01", "ours": "90.00"}
    ]


def test_an_exact_document_that_differs_fails(demo: Demo) -> None:
    demo.put("a.xml", INEXACT, "exact")
    demo.put("b.xml", CII, "exact")
    assert demo.run() == 1
    assert demo.closing == "1 passed, 1 failed"
    assert "FAILED: 1 figures differ" in demo.printed


def test_an_inexact_document_that_comes_out_equal_fails(demo: Demo) -> None:
    demo.put("a.xml", UBL, "line 1 net 90.01 vs 90.00")
    assert demo.run() == 1
    assert demo.closing == "0 passed, 1 failed"
    assert "changed in silence" in demo.printed


def test_without_verdicts_differences_are_reported_and_pass(demo: Demo) -> None:
    demo.put("a.xml", INEXACT)
    demo.put("b.xml", "<Invoice>")
    demo.put("c.xml", CII)
    assert demo.run() == 0
    assert demo.closing == "3 passed, 0 failed"
    assert [entry["result"] for entry in demo.report] == ["differs", "unreadable", "equal"]
    assert "not well-formed" in demo.printed


@pytest.mark.parametrize("verdict, code", [("exact", 1), ("inexact", 0), (None, 0)])
@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_fails_only_where_the_document_is_exact(
    demo: Demo, verdict: str | None, code: int, status: int
) -> None:
    demo.put("a.xml", UBL, verdict)
    demo.api.answer = lambda request: (
        problem(status, "not_representable") if request.url.path == "/v1/invoices" else None
    )
    assert demo.run() == code
    assert demo.report[0]["result"] == "refused"
    assert "not_representable: No.; /lines/0 odd" in demo.printed


@pytest.mark.parametrize("verdict", ["exact", "inexact", None])
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_answer_that_is_no_refusal_fails_always(
    demo: Demo, verdict: str | None, status: int
) -> None:
    demo.put("a.xml", INEXACT, verdict)
    demo.api.answer = lambda request: (
        problem(status, "odd") if request.url.path.endswith("/finalize") else None
    )
    assert demo.run() == 1
    assert demo.report[0]["result"] == "broken"
    assert str(status) in demo.report[0]["detail"]


def test_a_lost_connection_fails(demo: Demo) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    demo.put("a.xml", UBL)
    demo.api.answer = lost
    assert demo.run() == 1
    assert "POST /v1/legal-entities: ConnectError refused" in demo.report[0]["detail"]


def test_a_wrong_token_fails(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    assert demo.run(token="another") == 1
    assert "401" in demo.report[0]["detail"]


@pytest.mark.parametrize("verdict", ["inexact", None])
def test_a_result_that_contradicts_itself_fails_always(demo: Demo, verdict: str | None) -> None:
    demo.put("a.xml", INEXACT, verdict)
    demo.api.tamper = lambda document: document["totals"].update(gross="120.21")
    assert demo.run() == 1
    assert "BR-CO-15, gross: 120.21 is not 120.20" in demo.report[0]["detail"]


@pytest.mark.parametrize("field", ["totals", "tax_groups", "lines", "id", "currency"])
def test_an_answer_without_a_documented_field_fails(demo: Demo, field: str) -> None:
    demo.put("a.xml", UBL)
    demo.api.tamper = lambda document: document.pop(field)
    assert demo.run() == 1
    assert "not shaped as documented" in demo.report[0]["detail"]
    assert field in demo.report[0]["detail"]


def test_an_answer_that_is_no_number_fails(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    demo.api.tamper = lambda document: document["totals"].update(net="a lot")
    assert demo.run() == 1
    assert demo.report[0]["result"] == "broken"


def test_a_draft_without_an_id_fails(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    demo.api.answer = lambda request: (
        httpx.Response(201, json={}) if request.url.path == "/v1/invoices" else None
    )
    assert demo.run() == 1
    assert "'id'" in demo.report[0]["detail"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}"])
def test_a_pdf_that_is_none_fails(demo: Demo, content: bytes) -> None:
    demo.put("a.xml", UBL)
    demo.api.answer = lambda request: (
        httpx.Response(200, content=content) if request.url.path.endswith("/pdf") else None
    )
    assert demo.run() == 1
    assert "did not answer a PDF" in demo.report[0]["detail"]


def test_an_answer_that_is_not_json_fails(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    demo.api.answer = lambda request: (
        httpx.Response(200, content=b"hello") if request.url.path == "/v1/invoices" else None
    )
    assert demo.run() == 1
    assert "did not answer JSON" in demo.report[0]["detail"]


def test_a_refusal_without_a_problem_body_shows_what_came(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    demo.api.answer = lambda _: httpx.Response(422, content=b"no thanks")
    assert demo.run() == 0
    assert demo.report[0]["detail"] == "no thanks"


def test_every_document_gets_its_pdf(demo: Demo) -> None:
    (demo.folder / "a").mkdir()
    for name in ("a/b.xml", "a-b.xml", "c.xml"):
        demo.put(name, UBL)
    assert demo.run() == 0
    files = sorted(path.name for path in demo.out.glob("*.pdf"))
    assert len(files) == 3
    assert sorted(entry["pdf"] for entry in demo.report) == files
    assert all((demo.out / name).read_bytes().startswith(b"%PDF-") for name in files)


def test_documents_of_one_seller_go_in_by_date_under_one_legal_entity(demo: Demo) -> None:
    for name, month in (("a.xml", "12"), ("b.xml", "02"), ("c.xml", "07")):
        demo.put(name, UBL.replace("2024-02-01", f"2024-{month}-01").replace("2024-03", "2024-12"))
    assert demo.run() == 0
    assert len(demo.api.sellers) == 1
    dates = [document["issue_date"] for document in demo.api.finalized]
    assert dates == ["2024-02-01", "2024-07-01", "2024-12-01"]
    assert [entry["name"] for entry in demo.report] == ["a.xml", "b.xml", "c.xml"]


def test_other_sellers_are_other_legal_entities(demo: Demo) -> None:
    demo.put("a.xml", UBL)
    demo.put("b.xml", UBL.replace("Oakline", "Elmline"))
    assert demo.run() == 0
    assert [seller["name"] for seller in demo.api.sellers] == ["Oakline", "Elmline"]
    entities = {draft["legal_entity"] for draft in demo.api.drafts.values()}
    assert entities == {"le_1", "le_2"}


def test_remarks_are_printed_and_written(demo: Demo) -> None:
    demo.put("a.xml", CII.replace("52.5</ram:ChargeAmount>", "60</ram:ChargeAmount>"), "exact")
    assert demo.run() == 0
    assert "note: a gross price of 60 less 2.5 is not the net price 50" in demo.printed
    assert len(demo.report[0]["remarks"]) == 1


def test_the_guide_says_where_to_look(demo: Demo) -> None:
    demo.put("a.xml", INEXACT)
    demo.put("b.xml", CII)
    demo.run()
    assert f"PDFs: 2 in {demo.out}" in demo.printed
    assert f"Open first: {demo.out / 'b.pdf'}" in demo.printed
    made = demo.report[1]["id"]
    curl = (
        f'curl -s -H "Authorization: Bearer $(bin/invx token)" http://invx.test/v1/invoices/{made}'
    )
    assert f"{curl}\n" in demo.printed
    assert f"{curl}/pdf -o invoice.pdf" in demo.printed
    assert TOKEN not in demo.printed


def test_files_that_are_missing_are_named(demo: Demo) -> None:
    demo.put("a.xml", UBL, "exact")
    demo.put("gone.xml", UBL, "exact")
    (demo.folder / "gone.xml").unlink()
    assert demo.run() == 0
    assert "1 named files are not in the folder: gone.xml" in demo.printed


def test_many_differences_are_cut_on_screen_and_whole_in_the_report(demo: Demo) -> None:
    demo.put("a.xml", UBL.replace('">50</cbc:PriceAmount>', '">60</cbc:PriceAmount>'))
    assert demo.run() == 0
    figures = [one["figure"] for one in demo.report[0]["differences"]]
    assert figures == [
        "line 1 net BT-131",
        "tax group S 19 base BT-116",
        "tax group S 19 tax BT-117",
        "line_net BT-106",
        "net BT-109",
        "tax BT-110",
        "gross BT-112",
        "payable BT-115",
        "tax in the tax currency BT-111",
    ]
    assert "and 3 more" in demo.printed
    assert "payable BT-115" not in demo.printed


def test_names_from_a_folder_are_not_markup(demo: Demo) -> None:
    demo.put("[red]a[].xml", UBL)
    demo.put("[].xml", "[/nonsense]")
    assert demo.run() == 0
    assert "[red]a[].xml" in demo.printed
    assert "[].xml: reported: unreadable" in demo.printed


def test_the_shipped_requests_pass_and_are_named_as_the_set(demo: Demo) -> None:
    assert demo.run(folder=demo.folder / "absent") == 0
    assert "shipped requests that restate official examples" in demo.printed
    assert re.fullmatch(r"\d+ passed, 0 failed", demo.closing)
    assert int(demo.closing.split()[0]) >= 15
    assert all(entry["source"] and "/" in entry["source"] for entry in demo.report)


def test_the_official_files_pass_where_they_are_at_hand(demo: Demo) -> None:
    assert demo.run(folder=OFFICIAL) == 0
    assert demo.closing == f"{len(demo.report)} passed, 0 failed"
    known = [entry for entry in demo.report if entry["verdict"] != "unknown"]
    assert all((entry["result"] == "equal") == (entry["verdict"] == "exact") for entry in known)


@pytest.mark.parametrize(
    "verdict, passing",
    [
        (Verdict.EXACT, {Result.EQUAL}),
        (Verdict.INEXACT, {Result.DIFFERS, Result.REFUSED}),
        (Verdict.UNKNOWN, set(Result) - {Result.BROKEN}),
    ],
)
def test_what_passes_depends_on_the_verdict(verdict: Verdict, passing: set[Result]) -> None:
    assert {result for result in Result if result.passes(verdict)} == passing
