"""The verdict as a fact: one question per document as it would be issued, format and rules."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from invx.contexts.invoicing.adapters.einvoice.validation import (
    EInvoiceValidation,
    FormatUnknown,
    Validator,
)
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from invx.contexts.invoicing.domain.einvoice.verdict import Verdict
from invx.contexts.invoicing.domain.errors import EInvoiceInvalid, EInvoiceRulesMissing
from invx.infra.facts import KnownFacts
from invx.kernel.ports import Needs
from tests.integration.invoicing.einvoice.operators import install, peppol
from tests.unit.invoicing.einvoice.mapping.issuing import changed, issued, item

SELLER = UUID(int=7)
SOUND = issued()


@pytest.fixture
def validator(tmp_path: Path) -> Iterator[Validator]:
    opened = Validator(tmp_path / "rules")
    yield opened
    opened.close()


async def judged(validator: Validator, *stated: tuple[Issued, str]) -> list[Verdict]:
    """The verdicts, all obtained at once."""
    validation, known = EInvoiceValidation(validator), KnownFacts()
    facts = [validation.judged(SELLER, each, format) for each, format in stated]
    with pytest.raises(Needs) as needs:
        await known.need(*facts)
    known.learn(await validation.obtain(needs.value.facts))
    return list(await known.need(*facts))


async def test_verdicts_name_rule_terms_field_and_words(validator: Validator) -> None:
    lines = (item(), item(id="2", taxes=[{"category": "E", "reason_code": "VATEX-NO"}]))
    sound, broken = await judged(
        validator, (SOUND, "ubl"), (issued(*lines, buyer_reference="R"), "xrechnung_ubl")
    )
    sound.ensure_valid()
    found = {each.rule: each for each in broken.problems}
    assert found["BR-CL-22"].pointer == "/lines/1/taxes/0/reason_code"
    assert found["BR-DE-2"].pointer == "/seller/contact"
    assert found["BR-DE-2"].terms == ("BG-6",)
    assert found["BR-DE-2"].code == "e_invoice_rule"
    assert "BR-DE-15" not in found
    with pytest.raises(EInvoiceInvalid) as refused:
        broken.ensure_valid()
    assert refused.value.problems == broken.problems


async def test_rules_that_did_not_run_are_no_pass(validator: Validator) -> None:
    [verdict] = await judged(validator, (SOUND, "peppol"))
    assert verdict == Verdict(format="peppol", missing=("peppol-ubl",))
    with pytest.raises(EInvoiceRulesMissing, match="peppol-ubl"):
        verdict.ensure_valid()


async def test_the_evidence_is_json_and_names_rules_and_versions(validator: Validator) -> None:
    validation = EInvoiceValidation(validator)
    [answer] = await validation.obtain([validation.judged(SELLER, SOUND, "xrechnung_ubl")])
    told = msgspec.json.decode(msgspec.json.encode(answer.evidence))
    assert "BR-DE-15" in told["rules"]
    assert (told["valid"], told["complete"]) == (False, True)
    assert set(told["versions"]) == {"xsd-ubl", "en16931-ubl", "xrechnung-ubl"}
    assert b"Elbkontor" not in msgspec.json.encode(answer.evidence)


def test_whatever_changes_makes_another_question(validator: Validator, tmp_path: Path) -> None:
    validation = EInvoiceValidation(validator)
    first = validation.judged(SELLER, SOUND, "peppol")
    assert first.key == str(SELLER)
    assert validation.judged(SELLER, issued(), "peppol").fingerprint == first.fingerprint
    others = [
        validation.judged(SELLER, SOUND, "ubl"),
        validation.judged(SELLER, changed(SOUND, buyer_reference="R"), "peppol"),
        validation.judged(SELLER, issued(item("100.01")), "peppol"),
        validation.judged(SELLER, issued(seller={"directors": ["Jo"]}), "peppol"),
        validation.judged(
            SELLER, replace(SOUND, issue_date=SOUND.issue_date + timedelta(days=1)), "peppol"
        ),
        validation.judged(SELLER, replace(SOUND, number="2026-7"), "peppol"),
    ]
    install(tmp_path / "rules", peppol())
    others.append(validation.judged(SELLER, SOUND, "peppol"))
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 8


def test_a_format_without_rules_cannot_be_asked_about(validator: Validator) -> None:
    with pytest.raises(FormatUnknown):
        EInvoiceValidation(validator).judged(SELLER, SOUND, "edifact")
