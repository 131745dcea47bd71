"""The demo's report: a table, what differs, where to look, and the closing line."""

import json
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from invx.demo.corpus import Corpus, Verdict
from invx.demo.outcome import Outcome, Result

REPORT_FILE = "report.json"
DIFFERENCES_SHOWN = 6  # of one document; report.json has them all
MISSING_SHOWN = 5
_STYLES = {True: "green", False: "bold red"}


def print_report(console: Console, corpus: Corpus, outcomes: list[Outcome]) -> None:
    """The table, and below it what a table has no room for: differences, problems, remarks."""
    console.print(_table(outcomes))
    for outcome in outcomes:
        _say(console, _details(outcome))
    _say(console, _summary(corpus, outcomes))


def print_guide(console: Console, outcomes: list[Outcome], *, out: Path, curl: str | None) -> None:
    """Where the results are, which to open first, and the command that asks the API for one.

    `curl` is that command without the document's id; None when nobody answers any more.
    """
    lines = [f"Every figure that differs: {out / REPORT_FILE}"]
    shown = [outcome for outcome in outcomes if outcome.pdf]
    if shown:
        first = max(shown, key=_richness)
        lines += [
            f"PDFs: {len(shown)} in {out}",
            f"Open first: {first.pdf}",
        ]
        if curl is None:
            lines.append(
                "To ask the API for them: `make up`, and `make demo` in a second terminal."
            )
        else:
            lines += [
                f"The same as JSON: {curl}/{first.id}",
                f"The same as PDF:  {curl}/{first.id}/pdf -o invoice.pdf",
            ]
    _say(console, [*lines, ""])


def print_closing(console: Console, outcomes: list[Outcome]) -> int:
    """The closing line and the exit code that goes with it; a run of nothing shows nothing."""
    failed = sum(not outcome.passed for outcome in outcomes)
    _say(console, [f"{len(outcomes) - failed} passed, {failed} failed"])
    return 1 if failed or not outcomes else 0


def write_report(path: Path, corpus: Corpus, outcomes: list[Outcome]) -> None:
    """Every outcome with every differing figure, for programs."""
    body = {
        "set": corpus.title,
        "documents": [
            {
                "name": outcome.case.name,
                "source": outcome.case.source.name if outcome.case.source else None,
                "verdict": outcome.case.verdict,
                "result": outcome.result,
                "passed": outcome.passed,
                "detail": outcome.detail,
                "remarks": outcome.case.source.remarks if outcome.case.source else [],
                "differences": [
                    {"figure": one.figure, "source": one.source, "ours": one.ours}
                    for one in outcome.differences
                ],
                "id": outcome.id,
                "number": outcome.number,
                "pdf": outcome.pdf.name if outcome.pdf else None,
            }
            for outcome in outcomes
        ],
    }
    path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _say(console: Console, lines: list[str]) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(title="Official e-invoices, re-entered")
    table.add_column("document", overflow="fold")
    table.add_column("syntax")
    table.add_column("lines", justify="right")
    table.add_column("payable", justify="right")
    table.add_column("as", no_wrap=True)
    table.add_column("should be")
    table.add_column("came out")
    for outcome in outcomes:
        source = outcome.case.source
        table.add_row(
            Text(outcome.case.name),
            source.syntax if source else "-",
            str(len(source.expected.lines)) if source else "-",
            outcome.payable or "-",
            Text(outcome.number or "-"),
            _wanted(outcome.case.verdict),
            Text(_came_out(outcome), style=_STYLES[outcome.passed]),
        )
    return table


def _wanted(verdict: Verdict) -> str:
    return {
        Verdict.EXACT: "equal",
        Verdict.INEXACT: "reported",
        Verdict.UNKNOWN: "compared",
    }[verdict]


def _came_out(outcome: Outcome) -> str:
    word = str(outcome.result)
    if outcome.result is Result.DIFFERS:
        word = f"{len(outcome.differences)} figures differ"
    if not outcome.passed:
        return f"FAILED: {word}"
    return word if outcome.result is Result.EQUAL else f"reported: {word}"


def _details(outcome: Outcome) -> list[str]:
    remarks = outcome.case.source.remarks if outcome.case.source else ()
    if outcome.result is Result.EQUAL and outcome.passed and not remarks:
        return []
    lines = [f"{outcome.case.name}: {_came_out(outcome)}"]
    if outcome.result is Result.EQUAL and not outcome.passed:
        lines.append("  called inexact, yet nothing differs: a figure was changed in silence")
    if outcome.detail:
        lines.append(f"  {outcome.detail}")
    lines += [f"  {difference}" for difference in outcome.differences[:DIFFERENCES_SHOWN]]
    more = len(outcome.differences) - DIFFERENCES_SHOWN
    if more > 0:
        lines.append(f"  and {more} more")
    return [*lines, *(f"  note: {remark}" for remark in remarks)]


def _summary(corpus: Corpus, outcomes: list[Outcome]) -> list[str]:
    counts = Counter(outcome.result for outcome in outcomes)
    parts = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    lines = ["", f"Ran {corpus.title}: {parts or 'nothing'}."]
    if corpus.missing:
        named = ", ".join(corpus.missing[:MISSING_SHOWN])
        more = ", …" if len(corpus.missing) > MISSING_SHOWN else ""
        lines.append(f"{len(corpus.missing)} named files are not in the folder: {named}{more}")
    return lines


def _richness(outcome: Outcome) -> tuple[bool, int, int]:
    """The document that shows most: equal, many kinds of content and figures, many lines."""
    source = outcome.case.source
    if source is None:
        return (False, 0, 0)
    totals = sum(bool(figure) for figure in source.expected.totals.values())
    kinds = totals + len(source.expected.groups) + len(source.request)
    return (outcome.result is Result.EQUAL, kinds, len(source.expected.lines))
