"""Quotes and receipts of tax engines as facts: asked outside any transaction (E2)."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from invx.contexts.invoicing.app.asked import EngineReceipt
from invx.contexts.invoicing.app.ports import TaxEngine
from invx.contexts.invoicing.domain.tax.engine_statement import EngineStatement
from invx.contexts.invoicing.domain.tax.tax_quotes import QuoteAnswer, QuoteQuestion
from invx.infra.facts import Answered
from invx.kernel.ports import Fact

PORT = "tax_engines"

Engines = Mapping[str, TaxEngine]  # by the name that legal entities say


class TaxEngines:
    """See `app.ports.TaxEngines`."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def quote(self, question: QuoteQuestion) -> Fact | None:
        """The fact whose answer is a QuoteAnswer; None when no such engine is set up."""
        if question.engine not in self._engines:
            return None
        return Fact(PORT, f"quote:{question.engine}", question.fingerprint, question)

    def receipt(self, statement: EngineStatement, *, attempt: int) -> Fact | None:
        """The fact whose answer is an EngineReceipt; None when no such engine is set up.

        Each attempt is a question of its own, so that each leaves its evidence.
        """
        if statement.engine not in self._engines:
            return None
        told = hashlib.sha256(f"{attempt} {statement!r}".encode()).hexdigest()
        return Fact(PORT, f"{statement.kind}:{statement.key}", told, statement)


class EngineFacts:
    """Provides those facts."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One answer per fact, also when an engine does not answer: then it says so."""
        return list(await asyncio.gather(*(self._obtain(fact) for fact in facts)))

    async def _obtain(self, fact: Fact) -> Answered:
        asked: QuoteQuestion | EngineStatement = fact.question
        engine = self.engines[asked.engine]
        if isinstance(asked, QuoteQuestion):
            answer = await engine.quote(asked)
            return Answered(fact, answer, asked.engine, _quote_evidence(answer))
        receipt = await engine.commit(asked)
        return Answered(fact, receipt, asked.engine, _receipt_evidence(receipt))


def _quote_evidence(answer: QuoteAnswer) -> dict[str, Any]:
    quote = answer.quote
    return {
        "reference": quote.reference if quote else None,
        "version": quote.version if quote else None,
        "seconds": answer.seconds,
        "fault": answer.fault,
    }


def _receipt_evidence(receipt: EngineReceipt) -> dict[str, Any]:
    return {"reference": receipt.reference, "fault": receipt.fault, "lasting": receipt.lasting}
