"""A tax engine over HTTP: two requests, described in `docs/tax-engines.md`.

An engine that is slow, down, or says what the protocol does not allow has given no answer; the
reason is shown and kept. Whoever speaks another protocol stands behind a small translator.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import httpx
import msgspec
import structlog

from invx.contexts.invoicing.app.asked import EngineReceipt
from invx.contexts.invoicing.domain.tax.engine_statement import EngineStatement
from invx.contexts.invoicing.domain.tax.tax_quotes import QuoteAnswer, QuoteQuestion
from invx.rules.tax.quotes import LineQuote, Quote
from invx.rules.totals.model import Regime, Tax

SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 8_000_000
QUOTE_SECONDS_MAX = 31 * 24 * 3600
_REASON_CHARS_MAX = 200
_RATE_MAX = Decimal(100)
_RATE_DECIMALS_MAX = 6
# Refusals that no repetition changes; 408, 409, 425 and 429 are no such.
_FOR_GOOD = frozenset({400, 404, 405, 410, 413, 415, 422})

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=QUOTE_SECONDS_MAX)]

log = structlog.get_logger(__name__)


class _Tax(msgspec.Struct):
    category: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    jurisdiction: Text
    rate: Decimal
    reason: Words | None = None


class _Line(msgspec.Struct):
    id: Words
    taxes: Annotated[tuple[_Tax, ...], msgspec.Meta(min_length=1, max_length=20)]


class _Quoted(msgspec.Struct):
    fingerprint: str
    reference: Text
    version: Text
    expires_in: Seconds
    lines: tuple[_Line, ...]


class _Booked(msgspec.Struct):
    reference: Text


class _Problem(msgspec.Struct):
    detail: str = ""


A = TypeVar("A")


class _NoAnswer(Exception):
    """What came back is no answer; `lasting` when asking again is of no use."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class HttpTaxEngine:
    """See `app.ports.TaxEngine`."""

    url: str
    secret: str | None = field(default=None, repr=False)
    seconds_max: float = SECONDS_MAX
    transport: httpx.AsyncBaseTransport | None = None

    async def quote(self, question: QuoteQuestion) -> QuoteAnswer:
        """See `app.ports.TaxEngine`."""
        mark = question.fingerprint
        body = {"fingerprint": mark, **_plain(question)}
        try:
            said = await self._ask("quotes", mark, body, _Quoted)
            lines = _lines(said, question)
        except _NoAnswer as error:
            return QuoteAnswer(fault=_told("quote", self.url, error))
        quote = Quote(
            engine=question.engine,
            version=said.version,
            reference=said.reference,
            fingerprint=mark,
            lines=lines,
        )
        return QuoteAnswer(quote=quote, seconds=said.expires_in)

    async def commit(self, statement: EngineStatement) -> EngineReceipt:
        """See `app.ports.TaxEngine`."""
        try:
            said = await self._ask("transactions", statement.key, _plain(statement), _Booked)
        except _NoAnswer as error:
            reason = _told("commit", self.url, error)
            return EngineReceipt(fault=reason, lasting=error.lasting)
        return EngineReceipt(reference=said.reference)

    async def _ask(self, path: str, key: str, body: Any, kind: type[A]) -> A:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        if self.secret is not None:
            headers["Authorization"] = f"Bearer {self.secret}"
        content = msgspec.json.encode(body)
        url = f"{self.url}/{path}"
        try:
            async with httpx.AsyncClient(
                transport=self.transport, timeout=self.seconds_max
            ) as client:
                response = await client.post(url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise _NoAnswer(str(error) or type(error).__name__) from error
        if response.is_success and len(response.content) <= ANSWER_BYTES_MAX:
            try:
                return msgspec.json.decode(response.content, type=kind)
            except msgspec.DecodeError as error:
                raise _NoAnswer(f"Its answer is not of the protocol: {error}") from error
        lasting = response.status_code in _FOR_GOOD
        raise _NoAnswer(_refusal(response), lasting=lasting)


def _refusal(response: httpx.Response) -> str:
    """What the engine says of it, in the form of RFC 9457 if it can."""
    try:
        detail = msgspec.json.decode(response.content[:10_000], type=_Problem).detail
    except msgspec.DecodeError:
        detail = ""
    return f"{response.status_code} {detail}".strip()


def _lines(said: _Quoted, question: QuoteQuestion) -> tuple[LineQuote, ...]:
    """The lines of a quote. Raises _NoAnswer unless each that was asked is there once."""
    if said.fingerprint != question.fingerprint:
        raise _NoAnswer("Its answer is to another question.")
    if sorted(line.id for line in said.lines) != sorted(each.line_id for each in question.lines):
        raise _NoAnswer("Its answer has other lines than the question.")
    return tuple(
        LineQuote(line_id=line.id, taxes=tuple(_tax(tax) for tax in line.taxes))
        for line in said.lines
    )


def _tax(said: _Tax) -> Tax:
    exponent = said.rate.as_tuple().exponent
    if not (said.rate.is_finite() and 0 <= said.rate <= _RATE_MAX) or (
        isinstance(exponent, int) and exponent < -_RATE_DECIMALS_MAX
    ):
        raise _NoAnswer(f"A rate is a percentage with at most {_RATE_DECIMALS_MAX} decimals.")
    return Tax(
        regime=Regime.SALES,
        category=said.category,
        rate=said.rate,
        jurisdiction=said.jurisdiction,
        reason=said.reason,
    )


def _plain(value: QuoteQuestion | EngineStatement) -> dict[str, Any]:
    """As JSON objects; amounts are decimal strings."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _told(what: str, url: str, error: _NoAnswer) -> str:
    reason = str(error)[:_REASON_CHARS_MAX]
    log.warning("tax_engine_failed", what=what, url=url, reason=reason)
    return reason
