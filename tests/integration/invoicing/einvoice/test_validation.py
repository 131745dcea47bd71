"""The official rules, and what our API makes of what they say."""

import asyncio
import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from invx.cli.demo import corpus_folder
from invx.contexts.invoicing.adapters.einvoice.validation import (
    Findings,
    FormatUnknown,
    Severity,
    Validator,
)
from invx.contexts.invoicing.adapters.einvoice.validation.places import NAMES
from tests.integration.invoicing.einvoice.broken import CII_CASES, UBL_CASES, Broken
from tests.integration.invoicing.einvoice.editing import (
    CII,
    SAMPLES,
    SETTLEMENT,
    UBL,
    Edit,
    after,
    drop,
    edited,
    mark,
    put,
)

XRECHNUNG = {UBL: "xrechnung_ubl", CII: "xrechnung_cii"}
CORE = {UBL: "ubl", CII: "cii"}


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    opened = Validator()
    yield opened
    opened.close()


def shown(findings: Findings) -> list[tuple[str, str]]:
    return [(item.rule, item.location) for item in findings.items]


@pytest.mark.parametrize("sample", [UBL, CII], ids=["ubl", "cii"])
async def test_the_sample_is_a_valid_xrechnung(validator: Validator, sample: Path) -> None:
    for format in (CORE[sample], XRECHNUNG[sample]):
        findings = await validator.validate(sample.read_bytes(), format)
        assert shown(findings) == []
        assert findings.valid
        assert findings.complete


def _examples() -> list[tuple[Path, str]]:
    """Every file of the corpus whose amounts are exact; of a clone without one, the samples."""
    folder = corpus_folder(Path(os.environ["INVX_CORPUS"]) if "INVX_CORPUS" in os.environ else None)
    if folder is None:
        return [(UBL, "xrechnung_ubl"), (CII, "xrechnung_cii")]
    with (folder / "exact.tsv").open(newline="") as rows:
        names = [
            row["file"]
            for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["recomputed"] == "exact"
        ]
    assert len(names) > 30
    return [(folder / name, _format(folder / name)) for name in names]


def _format(file: Path) -> str:
    syntax = "cii" if b"CrossIndustryInvoice" in file.read_bytes() else "ubl"
    return f"xrechnung_{syntax}" if file.parent.name == "xrechnung" else syntax


async def test_every_exact_official_example_is_valid(validator: Validator) -> None:
    wrong = []
    for file, format in _examples():
        findings = await validator.validate(file.read_bytes(), format)
        assert findings.complete
        wrong += [(file.name, item.rule) for item in findings.errors]
    assert wrong == []


@pytest.mark.parametrize("case", UBL_CASES, ids=lambda case: case.rule)
async def test_a_broken_ubl_document_is_found_out(validator: Validator, case: Broken) -> None:
    await check(validator, UBL, case)


@pytest.mark.parametrize("case", CII_CASES, ids=lambda case: case.rule)
async def test_a_broken_cii_document_is_found_out(validator: Validator, case: Broken) -> None:
    await check(validator, CII, case)


async def check(validator: Validator, sample: Path, case: Broken) -> None:
    findings = await validator.validate(edited(sample, case.edit), XRECHNUNG[sample])
    found = [item for item in findings.items if item.rule == case.rule]
    assert found, shown(findings)
    item = found[0]
    assert (item.field, item.resource) == (case.field, case.resource)
    assert item.severity is case.severity
    assert findings.valid is (Severity.FATAL not in {each.severity for each in findings.items})
    assert item.words
    assert item.text
    assert item.terms
    assert item.location.startswith("/")


async def test_warnings_leave_a_document_valid(validator: Validator) -> None:
    seen = await validator.validate(edited(UBL, put("cbc:InvoiceTypeCode", "751")), "xrechnung_ubl")
    assert [item.severity for item in seen.items] == [Severity.WARNING]
    assert seen.valid
    assert seen.errors == ()
    assert len(seen.warnings) == 1


async def test_the_core_does_not_ask_for_what_xrechnung_asks(validator: Validator) -> None:
    xml = edited(UBL, drop("cbc:BuyerReference"))
    assert (await validator.validate(xml, "ubl")).items == ()
    assert (await validator.validate(xml, "xrechnung_ubl")).rules == {"BR-DE-15"}


async def test_both_syntaxes_give_the_same_verdict(validator: Validator) -> None:
    ubl = {case.rule: case for case in reversed(UBL_CASES)}
    for case in CII_CASES:
        twin = ubl[case.rule]
        assert (twin.field, twin.resource, twin.severity) == (
            case.field,
            case.resource,
            case.severity,
        )
    assert len(CII_CASES) > 20


async def test_a_credit_note_is_judged_too(validator: Validator) -> None:
    xml = (SAMPLES / "credit_note_ubl.xml").read_bytes()
    assert (await validator.validate(xml, "xrechnung_ubl")).items == ()
    broken = edited(
        SAMPLES / "credit_note_ubl.xml", put("cac:CreditNoteLine[3]/cac:Item/cbc:Name", "")
    )
    item = (await validator.validate(broken, "ubl")).items[0]
    assert (item.rule, item.field, item.line) == ("BR-25", "/lines/2/description", "3")


async def test_a_finding_says_where_and_why_in_plain_words(validator: Validator) -> None:
    broken = edited(UBL, put("cac:InvoiceLine[2]/cac:Price/cbc:PriceAmount", "-25"))
    findings = await validator.validate(broken, "ubl")
    item = next(item for item in findings.items if item.rule == "BR-27")
    assert item.location == "/Invoice/cac:InvoiceLine[2]"
    assert item.line == "2"
    assert item.terms == ("BT-146",)
    assert item.text == "The Item net price (BT-146) shall NOT be negative."
    assert item.words == "A net price may not be negative: make the quantity negative instead."
    assert item.source == "en16931-ubl"
    assert item.to_json()["field"] == "/lines/1/price"


async def test_lines_are_pointed_at_where_they_stand_in_the_document(validator: Validator) -> None:
    broken = edited(UBL, put("cac:InvoiceLine[2]/cac:Price/cbc:PriceAmount", "-25"))
    findings = await validator.validate(broken, "ubl")
    there = findings.at_lines({"2": "/lines/4/children/1"})
    assert {item.field for item in there.items if item.line == "2"} == {"/lines/4/children/1/price"}
    assert findings.at_lines({"9": "/lines/9"}) == findings


SCHEMA_CASES = [
    (UBL, after("cbc:ID", "<cbc:ID>again</cbc:ID>"), "/Invoice/cbc:ID[2]"),
    (UBL, put("cbc:IssueDate", "2.11.2026"), "/Invoice/cbc:IssueDate"),
    (
        UBL,
        put("cac:LegalMonetaryTotal/cbc:PayableAmount", "1,5"),
        "/Invoice/cac:LegalMonetaryTotal/",
    ),
    (UBL, drop("cac:LegalMonetaryTotal"), "/Invoice"),
    (UBL, after("cbc:ID", "<cbc:Surprise>x</cbc:Surprise>"), "/Invoice/cbc:Surprise"),
    (UBL, drop("cac:InvoiceLine"), "/Invoice"),
    (CII, drop(SETTLEMENT), "/rsm:"),
    (CII, mark("//ram:ChargeIndicator/udt:Indicator", "x", "y"), "/rsm:"),
]


@pytest.mark.parametrize("sample,edit,location", SCHEMA_CASES)
async def test_what_breaks_the_schema_is_not_put_before_the_rules(
    validator: Validator, sample: Path, edit: Edit, location: str
) -> None:
    findings = await validator.validate(edited(sample, edit), CORE[sample])
    assert findings.rules == {"xsd"}
    assert findings.stopped
    assert not findings.complete
    assert not findings.valid
    assert findings.items[0].location.startswith(location)
    assert "urn:" not in findings.items[0].text


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">&b;</Invoice>"""
FOREIGN = [
    b"",
    b"not xml",
    b"\x00\x01\x02",
    b"%PDF-1.7",
    b"<a",
    b"<html/>",
    b'{"json": true}',
    BOMB,
    BOMB.replace(b'"aaaaaaaaaa"', b'SYSTEM "/etc/passwd"'),
    b"<Invoice/>",
    b"<?xml version='1.0' encoding='nonsense'?><Invoice/>",
]


@pytest.mark.parametrize("data", FOREIGN)
async def test_a_file_of_another_kind_is_a_finding_and_no_failure(
    validator: Validator, data: bytes
) -> None:
    findings = await validator.validate(data, "ubl")
    assert findings.rules == {"xml"}
    assert not findings.valid
    assert findings.stopped


async def test_a_file_of_the_other_syntax_says_so(validator: Validator) -> None:
    (item,) = (await validator.validate(UBL.read_bytes(), "cii")).items
    assert "CrossIndustryInvoice" in item.words


async def test_a_format_without_rules_is_refused(validator: Validator) -> None:
    with pytest.raises(FormatUnknown, match="xrechnung_ubl"):
        await validator.validate(b"", "edifact")


async def test_a_format_whose_rules_are_missing_is_never_called_complete(
    validator: Validator,
) -> None:
    findings = await validator.validate(UBL.read_bytes(), "peppol")
    assert findings.missing == ("peppol-ubl",)
    assert not findings.complete
    assert findings.to_json()["complete"] is False


FACTURX = {
    "facturx_en16931": "urn:cen.eu:en16931:2017",
    "facturx_extended": "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
}
_GUIDELINE = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"


@pytest.mark.parametrize("format", FACTURX)
async def test_the_profiles_of_facturx_have_rules_of_their_own(
    validator: Validator, format: str
) -> None:
    findings = await validator.validate(edited(CII, put(_GUIDELINE, FACTURX[format])), format)
    assert findings.errors == ()
    assert findings.complete
    other = await validator.validate(CII.read_bytes(), format)
    assert any(rule.startswith("FX-SCH") for rule in other.rules)


async def test_the_small_profiles_refuse_what_they_do_not_carry(validator: Validator) -> None:
    for format in ("facturx_minimum", "facturx_basic_wl", "facturx_basic"):
        findings = await validator.validate(CII.read_bytes(), format)
        assert findings.rules == {"xsd"}


async def test_many_at_a_time_all_get_their_own_answer(validator: Validator) -> None:
    cases = UBL_CASES[:12]
    found = await asyncio.gather(
        *(validator.validate(edited(UBL, case.edit), "xrechnung_ubl") for case in cases)
    )
    assert all(case.rule in seen.rules for case, seen in zip(cases, found, strict=True))
    assert len(validator.pids) <= 2


async def test_a_document_of_two_thousand_lines_is_judged(validator: Validator) -> None:
    line = etree_text(UBL, "cac:InvoiceLine[3]")
    more = [after("cac:InvoiceLine[3]", line.replace(">3<", f">{n}<", 1)) for n in range(4, 2004)]
    findings = await validator.validate(edited(UBL, *more), "ubl")
    assert findings.rules >= {"BR-CO-10", "BR-E-08"}
    assert len(findings.items) <= 500


def etree_text(sample: Path, path: str) -> str:
    root = etree.parse(str(sample)).getroot()
    return str(etree.tostring(root.xpath(path, namespaces=NAMES)[0], encoding="unicode"))
