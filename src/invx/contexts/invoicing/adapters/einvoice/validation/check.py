"""Runs in a worker process: a document against its schema, then against the official rules.

Keeps what it compiled, by sha256, for the life of the process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import (  # type: ignore[import-not-found]
    PySaxonApiError,
    PySaxonProcessor,
)

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.validation import places, sheets
from invx.contexts.invoicing.adapters.einvoice.xml import root_tag

SCHEMA_ERRORS_MAX = 50
FOUND_MAX = 500
XML, XSD, ENGINE = "xml", "xsd", "rules"

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_BROKEN = (f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
_SEVERITY = {
    "warning": "warning",
    "warn": "warning",
    "information": "information",
    "info": "information",
}
# Each file of the packages stays small; an operator's file may name nothing outside itself.
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False}


@dataclass(slots=True)
class _Engine:
    """The rules engine of this process, and what it has compiled."""

    saxon: Any
    compiler: Any
    sheets: dict[str, Any]
    schemas: dict[tuple[str, str], Any]


_engine: list[_Engine] = []


def check(question: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with `question["xml"]`, as raw findings; see `validator` for the question.

    `stopped` says that the rules did not run, since the file is not what its format asks for;
    `unusable` names a schema or sheet that is not what its sha256 says.
    """
    schema = question["schema"]
    try:
        root = _parse(question["xml"], tuple(schema["starts"]))
    except EInvoiceUnreadable as error:
        found = _raw(XML, error.detail, error.path or "/", source=XML)
        return {"found": [found], "omitted": 0, "stopped": True}
    try:
        if errors := list(_against_schema(root, schema)):
            return {"found": errors, "omitted": 0, "stopped": True}
        text = etree.tostring(root, encoding="unicode")
        node = _the_engine().saxon.parse_xml(xml_text=text)
        broken: dict[tuple[str, str], dict[str, Any]] = {}
        for sheet in question["sheets"]:
            for item in _against_rules(root, node, sheet):
                broken.setdefault((item["rule"], item["location"]), item)
    except sheets.SheetsUnusable as error:
        return {"unusable": error.detail}
    every = sorted(broken.values(), key=lambda item: item["severity"] != "fatal")
    return {
        "found": every[:FOUND_MAX],
        "omitted": max(0, len(every) - FOUND_MAX),
        "stopped": False,
    }


def compile_sheet(path: str) -> str | None:
    """Why the engine cannot use this sheet; None when it can."""
    try:
        _the_engine().compiler.compile_stylesheet(stylesheet_file=path)
    except PySaxonApiError as error:
        return " ".join(str(error).split())
    return None


def _parse(data: bytes, starts: tuple[str, ...]) -> Any:
    """The tree. Raises EInvoiceUnreadable: no XML, with a document type, or another root."""
    if (tag := root_tag(data)) not in starts:
        wanted = " or ".join(etree.QName(start).localname for start in starts)
        raise EInvoiceUnreadable(f"the outermost element is {tag}; this format needs {wanted}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise EInvoiceUnreadable(f"not well-formed XML: {error.msg}") from None


def _against_schema(root: Any, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    validator = _schema(schema, root.tag)
    if validator.validate(root):
        return
    for error in list(validator.error_log)[:SCHEMA_ERRORS_MAX]:
        element = places.at_error(root, error.path, error.message)
        yield _raw(
            XSD,
            places.without_namespaces(error.message),
            places.path_of(element),
            source=schema["name"],
            place=places.place_of(element),
        )


def _against_rules(root: Any, node: Any, sheet: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        report = _sheet(sheet).transform_to_string(xdm_node=node)
    except PySaxonApiError as error:
        # A value that the schema allows and the rules cannot work with, such as a year of zero.
        detail = " ".join(str(error).split())
        yield _raw(ENGINE, detail, places.path_of(root), source=sheet["name"])
        return
    told = etree.fromstring(report.encode(), etree.XMLParser(huge_tree=True, **_SAFE))
    for broken in told.iter(*_BROKEN):
        element = places.find(root, broken.get("location") or "")
        yield _raw(
            (broken.get("id") or "").strip(),
            " ".join("".join(broken.itertext(f"{_SVRL}text")).split()),
            places.path_of(element),
            source=sheet["name"],
            severity=_SEVERITY.get((broken.get("flag") or "").strip().lower(), "fatal"),
            place=places.place_of(element),
        )


def _raw(
    rule: str,
    text: str,
    location: str,
    *,
    source: str,
    severity: str = "fatal",
    place: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "rule": rule,
        "text": text,
        "location": location,
        "source": source,
        "severity": severity,
        "place": place or {},
    }


def _the_engine() -> _Engine:
    if not _engine:
        saxon = PySaxonProcessor(license=False)
        _engine.append(_Engine(saxon, saxon.new_xslt30_processor(), {}, {}))
    return _engine[0]


def _sheet(asked: dict[str, Any]) -> Any:
    """The compiled sheet. Raises SheetsUnusable when it is another file or does not compile."""
    engine, sha256 = _the_engine(), asked["sha256"]
    if sha256 not in engine.sheets:
        beside = tuple((Path(path), known) for path, known in asked["beside"])
        sheet = sheets.Sheet(asked["name"], "", "", Path(asked["path"]), sha256, beside)
        sheets.verify(sheet)
        try:
            compiled = engine.compiler.compile_stylesheet(stylesheet_file=asked["path"])
        except PySaxonApiError as error:
            detail = " ".join(str(error).split())
            raise sheets.SheetsUnusable(f"{asked['name']} does not compile: {detail}") from error
        engine.sheets[sha256] = compiled
    return engine.sheets[sha256]


def _schema(asked: dict[str, Any], tag: str) -> Any:
    """The loaded schema for a root element. Raises SheetsUnusable when files were changed."""
    engine, key = _the_engine(), (asked["sha256"], tag)
    if key not in engine.schemas:
        folder = Path(asked["folder"])
        schema = sheets.Schema(asked["name"], "", "", folder, asked["starts"], asked["sha256"])
        sheets.verify(schema)
        start = str(folder / asked["starts"][tag])
        engine.schemas[key] = etree.XMLSchema(etree.parse(start, etree.XMLParser(**_SAFE)))
    return engine.schemas[key]
