"""`invx demo`: every document of the corpus through the public API, compared, and made a PDF."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from invx.demo.api import Api, Broken, Refused
from invx.demo.compare import compare, contradictions
from invx.demo.corpus import Case, load
from invx.demo.outcome import Outcome, Result
from invx.demo.report import (
    REPORT_FILE,
    print_closing,
    print_guide,
    print_report,
    write_report,
)
from invx.demo.source import Json, Source

T = TypeVar("T")
PIPE_COLUMNS = 130


def run_demo(
    base_url: str,
    token: str,
    corpus: Path | None,
    out: Path,
    *,
    token_command: str | None = None,
    transport: httpx.BaseTransport | None = None,
    console: Console | None = None,
) -> int:
    """Run the demo and print its report; 0 when every document came out as it had to, else 1.

    Without a corpus folder the shipped requests run. PDFs and `report.json` go to `out`;
    `token_command` prints a token for the reader of the report, None when the server ends with the
    run. The calls block: an event loop that also serves the API has to run this in a thread.
    """
    console = console or _console()
    chosen = load(corpus)
    out.mkdir(parents=True, exist_ok=True)
    console.print(f"Set: {chosen.title}", markup=False, highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    api = Api(base_url, token, transport)
    outcomes: dict[str, Outcome] = {}
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            task = progress.add_task("re-entering", total=len(chosen.cases))
            run = _Run(api, out)
            for case in sorted(chosen.cases, key=_issue_date):
                progress.update(task, description=case.name)
                outcomes[case.name] = run.one(case)
                progress.advance(task)
            progress.update(task, description="re-entered")
    finally:
        api.close()
    ordered = [outcomes[case.name] for case in chosen.cases]
    write_report(out / REPORT_FILE, chosen, ordered)
    print_report(console, chosen, ordered)
    curl = None
    if token_command is not None:
        address = f"{base_url.rstrip('/')}/v1/invoices"
        curl = f'curl -s -H "Authorization: Bearer $({token_command})" {address}'
    print_guide(console, ordered, out=out, curl=curl)
    return print_closing(console, ordered)


def _console() -> Console:
    """Wide enough for the table where the output goes to a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_COLUMNS)


def _issue_date(case: Case) -> str:
    """Dates may not decrease within a series, so documents go in by date."""
    return str(case.source.request["issue_date"]) if case.source else ""


class _Run:
    """The state of one run: which sellers exist, which file names are taken."""

    def __init__(self, api: Api, out: Path) -> None:
        self._api = api
        self._out = out
        self._sellers: dict[str, str] = {}
        self._taken: set[str] = set()

    def one(self, case: Case) -> Outcome:
        """Take one document through; whatever goes wrong is its outcome."""
        if case.source is None:
            detail = case.unreadable or ""
            return Outcome(case=case, result=Result.UNREADABLE, detail=detail)
        try:
            document = self._enter(case.source)
            return self._judge(case, case.source, document)
        except Refused as problem:
            return Outcome(case=case, result=Result.REFUSED, detail=str(problem))
        except Broken as error:
            return Outcome(case=case, result=Result.BROKEN, detail=str(error))

    def _enter(self, source: Source) -> Json:
        key = json.dumps(source.seller, sort_keys=True)
        if key not in self._sellers:
            self._sellers[key] = self._api.register(source.seller)
        draft = self._api.draft({**source.request, "legal_entity": self._sellers[key]})
        drafted = _expect(lambda: str(draft["id"]))
        return self._api.finalize(drafted, source.request["issue_date"])

    def _judge(self, case: Case, source: Source, document: Json) -> Outcome:
        wrong = _expect(lambda: contradictions(document))
        if wrong:
            raise Broken("it contradicts itself: " + "; ".join(wrong))
        differences = _expect(lambda: tuple(compare(source.expected, document)))
        made = _expect(lambda: str(document["id"]))
        pdf = self._path(case.name)
        pdf.write_bytes(self._api.pdf(made))
        return Outcome(
            case=case,
            result=Result.DIFFERS if differences else Result.EQUAL,
            differences=differences,
            id=made,
            number=document.get("number"),
            payable=_expect(lambda: f"{document['totals']['payable']} {document['currency']}"),
            pdf=pdf,
        )

    def _path(self, name: str) -> Path:
        """A file of its own for each document, even where two names differ by their folder only."""
        stem = name.rsplit(".", 1)[0].replace("/", "-")
        while stem in self._taken:
            stem += "_"
        self._taken.add(stem)
        return self._out / f"{stem}.pdf"


def _expect(look: Callable[[], T]) -> T:
    """What an answer holds. Raises Broken where it lacks a field or has no number in it."""
    try:
        return look()
    except (KeyError, IndexError, TypeError, AttributeError, ArithmeticError) as error:
        raise Broken(f"an answer is not shaped as documented: {error!r}") from error
