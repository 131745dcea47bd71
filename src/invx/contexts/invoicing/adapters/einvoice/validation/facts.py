"""The verdict of the official rules as a fact: the file is made and judged outside any transaction.

What is asked about is the document as it would be issued, with a word in place of its number, which
is drawn later. No rule asks more of a number (BT-1) than that there is one.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.adapters.einvoice.of_document import as_e_invoice
from invx.contexts.invoicing.adapters.einvoice.validation.findings import (
    Finding,
    Findings,
    Resource,
)
from invx.contexts.invoicing.adapters.einvoice.validation.validator import Validator
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from invx.contexts.invoicing.domain.einvoice.verdict import Verdict
from invx.infra import piecewise
from invx.infra.facts import Answered
from invx.kernel.errors import Problem
from invx.kernel.ports import Fact

PORT = "einvoice_validation"
BROKEN = "e_invoice_rule"


@dataclass(frozen=True, slots=True)
class _Question:
    stated: Issued
    format: str


class EInvoiceValidation:
    """Names the facts, and provides them. The answer is a `Verdict`."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    def judged(self, legal_entity_id: UUID, stated: Issued, format: str) -> Fact:
        """See `app.ports.EInvoices`. Raises FormatUnknown or SheetsUnusable."""
        asked = hashlib.sha256(piecewise.encode(stated))
        asked.update(piecewise.encode([format, sorted(self._validator.versions(format).items())]))
        return Fact(PORT, str(legal_entity_id), asked.hexdigest(), _Question(stated, format))

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One verdict per fact; its rules and their versions are what is kept as evidence."""
        return list(await asyncio.gather(*(self._answer(fact) for fact in facts)))

    async def _answer(self, fact: Fact) -> Answered:
        question: _Question = fact.question
        xml = await asyncio.to_thread(_made, question)
        findings = await self._validator.validate(xml, question.format)
        evidence = {
            "format": findings.format,
            "xml_sha256": hashlib.sha256(xml).hexdigest(),
            "valid": findings.valid,
            "complete": findings.complete,
            "rules": sorted(findings.rules),
            "versions": dict(findings.versions),
        }
        return Answered(fact, verdict_of(findings, question.stated), "official rules", evidence)


def _made(question: _Question) -> bytes:
    format = FORMATS[question.format]
    return write(as_e_invoice(question.stated, format), format)


def verdict_of(findings: Findings, stated: Issued) -> Verdict:
    """The errors as problems of our API; pointers of lines lead to where they stand in it."""
    placed = findings.at_lines(
        {line.id: pointer for pointer, line in lines_of(stated.content.lines)}
    )
    return Verdict(
        format=findings.format,
        problems=tuple(problem_of(each) for each in placed.errors),
        missing=findings.missing,
    )


def problem_of(finding: Finding) -> Problem:
    """A finding as a problem: fields of the legal entity are found under `/seller`."""
    field = finding.field or ""
    pointer = f"/seller{field}" if finding.resource is Resource.LEGAL_ENTITY else field
    return Problem(pointer, BROKEN, finding.words, rule=finding.rule, terms=finding.terms)
