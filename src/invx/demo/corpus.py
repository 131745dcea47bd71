"""Where the documents come from: a folder of official e-invoices, or the shipped requests."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

from invx.demo import read_cii, read_ubl
from invx.demo.restate import restate
from invx.demo.source import Expected, Source
from invx.demo.xml import Unreadable, parse

VERDICTS_FILE = "exact.tsv"
FILE_BYTES_MAX = 20_000_000


class Verdict(StrEnum):
    """Whether a file's amounts follow from quantity and price, as the corpus says."""

    EXACT = "exact"  # has to come out equal
    INEXACT = "inexact"  # has to be refused, or its differences named
    UNKNOWN = "unknown"  # nobody says: whatever differs is reported


@dataclass(frozen=True, slots=True)
class Case:
    """One document of the run, or the reason why its file could not be read."""

    name: str
    verdict: Verdict
    source: Source | None = None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """A set of documents; `missing` are files that the verdicts name and the folder lacks."""

    title: str
    cases: tuple[Case, ...]
    missing: tuple[str, ...] = ()


def load(folder: Path | None) -> Corpus:
    """The files of `folder`, or the shipped requests when it is not there or holds none."""
    if folder is None or not any(_files(folder)):
        return shipped()
    return _from_folder(folder)


def read(data: bytes, name: str) -> Source:
    """One e-invoice of either syntax. Raises Unreadable."""
    tag = parse(data, {}).tag
    if tag == read_cii.INVOICE:
        return restate(read_cii.read_cii(data), name)
    if tag in (read_ubl.INVOICE, read_ubl.CREDIT_NOTE):
        return restate(read_ubl.read_ubl(data), name)
    raise Unreadable(f"{tag} is neither a UBL Invoice or CreditNote nor a Cross Industry Invoice")


def shipped() -> Corpus:
    """The requests in this package: figures of official examples under invented names and words."""
    folder = resources.files("invx.demo") / "requests"
    cases = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".json"):
            continue
        body = json.loads(file.read_text("utf-8"))
        source = Source(
            name=body["source"],
            syntax="JSON",
            number=None,
            request=body["request"],
            seller=body["seller"],
            expected=Expected.from_json(body["expected"]),
        )
        cases.append(Case(file.name, Verdict.EXACT, source))
    title = f"{len(cases)} shipped requests that restate official examples (no corpus folder)"
    return Corpus(title, tuple(cases))


def _from_folder(folder: Path) -> Corpus:
    verdicts = _verdicts(folder / VERDICTS_FILE)
    cases = tuple(_case(folder, path, verdicts) for path in _files(folder))
    known = f"{VERDICTS_FILE} says which are exact" if verdicts else "not known which are exact"
    missing = verdicts.keys() - {case.name for case in cases}
    return Corpus(f"{len(cases)} files of {folder} ({known})", cases, tuple(sorted(missing)))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".xml" and path.is_file():
            yield path


def _verdicts(path: Path) -> dict[str, Verdict]:
    """By file: `exact` in the column `recomputed`; any other text there is why it is not."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as rows:
        return {
            row["file"]: Verdict.EXACT if row["recomputed"] == "exact" else Verdict.INEXACT
            for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def _case(folder: Path, path: Path, verdicts: dict[str, Verdict]) -> Case:
    name = path.relative_to(folder).as_posix()
    verdict = verdicts.get(name, Verdict.UNKNOWN)
    if path.stat().st_size > FILE_BYTES_MAX:
        return Case(name, verdict, unreadable=f"larger than {FILE_BYTES_MAX} bytes")
    try:
        return Case(name, verdict, read(path.read_bytes(), name))
    except Unreadable as error:
        return Case(name, verdict, unreadable=str(error))
