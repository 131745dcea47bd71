"""The verdict of the official rules as a fact: judged outside any transaction (E2)."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from uuid import UUID

from invx.contexts.invoicing.adapters.einvoice.validation.validator import Validator
from invx.infra.facts import Answered
from invx.kernel.ports import Fact

PORT = "einvoice_validation"


class EInvoiceValidation:
    """Names the facts, and provides them. The answer is `Findings`."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    def findings(self, document_id: UUID, xml: bytes, format: str) -> Fact:
        """The fact whose answer is what the rules of a format say about this XML.

        Another XML, another format or another version of any rule is another question. Raises
        FormatUnknown or SheetsUnusable.
        """
        versions = self._validator.versions(format)
        asked = json.dumps([format, hashlib.sha256(xml).hexdigest(), versions], sort_keys=True)
        fingerprint = hashlib.sha256(asked.encode()).hexdigest()
        return Fact(PORT, str(document_id), fingerprint, (xml, format))

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One verdict per fact; its rules and their versions are what is kept as evidence."""
        found = await asyncio.gather(*(self._validator.validate(*fact.question) for fact in facts))
        answers = []
        for fact, findings in zip(facts, found, strict=True):
            evidence = {
                "format": findings.format,
                "xml_sha256": hashlib.sha256(fact.question[0]).hexdigest(),
                "valid": findings.valid,
                "complete": findings.complete,
                "rules": sorted(findings.rules),
                "versions": dict(findings.versions),
            }
            answers.append(Answered(fact, findings, "official rules", evidence))
        return answers
