"""The verdict as a fact: one question per file, format and version of the rules."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from invx.contexts.invoicing.adapters.einvoice.validation import (
    EInvoiceValidation,
    Findings,
    FormatUnknown,
    Validator,
)
from invx.infra.facts import KnownFacts
from invx.kernel.ports import Needs
from tests.integration.invoicing.einvoice.editing import UBL, drop, edited
from tests.integration.invoicing.einvoice.operators import install, peppol

DOCUMENT = UUID(int=7)


@pytest.fixture
def validator(tmp_path: Path) -> Iterator[Validator]:
    opened = Validator(tmp_path / "rules")
    yield opened
    opened.close()


async def test_a_handler_needs_the_verdict_and_then_has_it(validator: Validator) -> None:
    validation, known = EInvoiceValidation(validator), KnownFacts()
    fact = validation.findings(DOCUMENT, UBL.read_bytes(), "xrechnung_ubl")
    with pytest.raises(Needs) as needs:
        await known.need(fact)
    known.learn(await validation.obtain(needs.value.facts))
    (findings,) = await known.need(fact)
    assert isinstance(findings, Findings)
    assert findings.valid


async def test_several_verdicts_are_obtained_at_once(validator: Validator) -> None:
    validation = EInvoiceValidation(validator)
    broken = edited(UBL, drop("cbc:BuyerReference"))
    facts = [
        validation.findings(DOCUMENT, UBL.read_bytes(), "ubl"),
        validation.findings(DOCUMENT, broken, "xrechnung_ubl"),
    ]
    answers = await validation.obtain(facts)
    assert [answer.fact for answer in answers] == facts
    assert [sorted(answer.value.rules) for answer in answers] == [[], ["BR-DE-15"]]


async def test_the_evidence_is_json_and_names_rules_and_versions(validator: Validator) -> None:
    validation = EInvoiceValidation(validator)
    broken = edited(UBL, drop("cbc:BuyerReference"))
    (answer,) = await validation.obtain([validation.findings(DOCUMENT, broken, "xrechnung_ubl")])
    told = msgspec.json.decode(msgspec.json.encode(answer.evidence))
    assert told["rules"] == ["BR-DE-15"]
    assert told["valid"] is False
    assert told["complete"] is True
    assert set(told["versions"]) == {"xsd-ubl", "en16931-ubl", "xrechnung-ubl"}
    assert b"Elbkontor" not in msgspec.json.encode(answer.evidence)


def test_another_file_format_or_rule_is_another_question(
    validator: Validator, tmp_path: Path
) -> None:
    validation = EInvoiceValidation(validator)
    xml = UBL.read_bytes()
    first = validation.findings(DOCUMENT, xml, "peppol")
    assert first.key == str(DOCUMENT)
    assert validation.findings(DOCUMENT, xml, "peppol") == first
    install(tmp_path / "rules", peppol())
    others = [
        validation.findings(DOCUMENT, xml, "ubl"),
        validation.findings(DOCUMENT, xml + b" ", "peppol"),
        validation.findings(DOCUMENT, xml, "peppol"),
    ]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 4


def test_a_format_without_rules_cannot_be_asked_about(validator: Validator) -> None:
    with pytest.raises(FormatUnknown):
        EInvoiceValidation(validator).findings(DOCUMENT, b"", "edifact")
