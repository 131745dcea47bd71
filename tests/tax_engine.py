"""A tax engine inside the test process: it knows two rates, books each key once, and can fail.

`served` puts it behind the protocol of `docs/tax-engines.md`, so that tests go the whole way.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from invx.contexts.invoicing.app.asked import EngineReceipt
from invx.contexts.invoicing.domain.tax.engine_statement import EngineStatement
from invx.contexts.invoicing.domain.tax.tax_quotes import QuoteAnswer, QuotedSupply, QuoteQuestion
from invx.rules.tax.quotes import LineQuote, Quote
from invx.rules.totals.model import Regime, Tax

SECRET = "engine-secret"


@dataclass
class TestEngine:
    """Texas takes 6.25 % and Austin 1 %; `down`, `slow` and `refuses` make it misbehave."""

    __test__ = False

    name: str = "acme"
    state: Decimal = Decimal("6.25")
    city: Decimal = Decimal(1)
    seconds: int = 1800
    down: bool = False
    slow: float = 0
    refuses: str | None = None
    quotes: list[QuoteQuestion] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # the key of each commit that arrived
    books: dict[str, EngineStatement] = field(default_factory=dict)

    async def quote(self, question: QuoteQuestion) -> QuoteAnswer:
        """The rates of the destination of each line."""
        await asyncio.sleep(self.slow)
        if self.down:
            return QuoteAnswer(fault="503 down")
        self.quotes.append(question)
        lines = tuple(
            LineQuote(line_id=each.line_id, taxes=self._taxes(each)) for each in question.lines
        )
        quote = Quote(
            engine=question.engine,
            version="2026-11",
            reference=f"q-{len(self.quotes)}",
            fingerprint=question.fingerprint,
            lines=lines,
        )
        return QuoteAnswer(quote=quote, seconds=self.seconds)

    def _taxes(self, supply: QuotedSupply) -> tuple[Tax, ...]:
        if supply.category == "groceries":
            return (_tax("STATE", Decimal(0), supply.place, "Groceries are free of tax"),)
        taxes = [_tax("STATE", self.state, supply.place)]
        if supply.destination is not None and supply.destination.city == "Austin":
            taxes.append(_tax("CITY", self.city, f"{supply.place}-Austin"))
        return tuple(taxes)

    async def commit(self, statement: EngineStatement) -> EngineReceipt:
        """Book it, once per key."""
        await asyncio.sleep(self.slow)
        if self.down:
            return EngineReceipt(fault="503 down")
        if self.refuses is not None:
            return EngineReceipt(fault=f"422 {self.refuses}", lasting=True)
        self.sent.append(statement.key)
        known = self.books.setdefault(statement.key, statement)
        if known != statement:
            return EngineReceipt(fault="409 other figures under this key")
        return EngineReceipt(reference=f"t-{list(self.books).index(statement.key) + 1}")

    def kinds(self) -> list[str]:
        """What stands in the books, in order."""
        return [each.kind for each in self.books.values()]

    def balance(self) -> Decimal:
        """The tax of all sales, less what was taken back."""
        signs = {"sale": 1, "refund": -1}
        total = Decimal(0)
        for each in self.books.values():
            if each.kind == "void":
                taken = self.books[each.reverses or ""]
                total -= signs[taken.kind] * taken.tax
            else:
                total += signs[each.kind] * each.tax
        return total


def _tax(category: str, rate: Decimal, jurisdiction: str, reason: str | None = None) -> Tax:
    return Tax(
        regime=Regime.SALES,
        category=category,
        rate=rate,
        jurisdiction=jurisdiction,
        reason=reason,
    )


async def answer(
    engine: TestEngine, path: str, headers: dict[str, str], body: Any
) -> tuple[int, Any]:
    """What the protocol makes of one request."""
    if headers.get("authorization") != f"Bearer {SECRET}":
        return 401, {"detail": "Who are you?"}
    if path.endswith("/quotes"):
        question = msgspec.convert(body, QuoteQuestion, strict=False)
        assert headers["idempotency-key"] == body["fingerprint"] == question.fingerprint
        found = await engine.quote(question)
        if found.quote is None:
            return _failure(found.fault or "")
        lines = [
            {"id": line.line_id, "taxes": [_shown(tax) for tax in line.taxes]}
            for line in found.quote.lines
        ]
        return 200, {
            "fingerprint": found.quote.fingerprint,
            "reference": found.quote.reference,
            "version": found.quote.version,
            "expires_in": found.seconds,
            "lines": lines,
        }
    statement = msgspec.convert(body, EngineStatement, strict=False)
    assert headers["idempotency-key"] == statement.key
    receipt = await engine.commit(statement)
    if receipt.reference is None:
        return _failure(receipt.fault or "")
    return 201, {"reference": receipt.reference}


def _failure(fault: str) -> tuple[int, Any]:
    status, _, detail = fault.partition(" ")
    return int(status), {"type": "about:blank", "detail": detail}


def _shown(tax: Tax) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "category": tax.category,
        "jurisdiction": tax.jurisdiction,
        "rate": str(tax.rate),
    }
    return shown | ({"reason": tax.reason} if tax.reason else {})


@asynccontextmanager
async def served(engine: TestEngine) -> AsyncIterator[str]:
    """The engine behind HTTP on this machine; its address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in rest)
        headers = {name.lower(): value for name, value in pairs}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        status, said = await answer(engine, first.split(" ")[1], headers, body)
        content = json.dumps(said).encode()
        lines = (f"HTTP/1.1 {status} X", "Content-Type: application/json", "Connection: close")
        writer.write("\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode())
        writer.write(content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
