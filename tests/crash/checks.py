"""What must hold after every kill, whatever the clients were told meanwhile (E1, D2, D3, M4).

The clients' journal says what was acknowledged; the tables, read by a superuser, say what is there.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.host import subscribers
from invx.infra.audit import verify
from invx.kernel.ids import parse_typeid
from tests.crash.journal import Journal, Operation

ZERO = Decimal(0)
_QUIET_LOOKS = 8
# What has to come to rest in each context, and how much of it has not.
_UNSETTLED = {
    "rows in the outbox": "SELECT count(*) FROM {schema}.outbox WHERE published_at IS NULL",
    "rows in the inbox": "SELECT count(*) FROM {schema}.inbox WHERE state = 'pending'",
    "due jobs": """
        SELECT count(*) FROM {schema}.due_jobs
        WHERE state = 'pending' AND due_at <= now() + interval '1 minute'
    """,
}
# A superuser's connection to the database of each context; often they share one.
Looks = Mapping[str, Any]


async def unsettled(looks: Looks) -> dict[str, int]:
    """What relays and workers still have to do, by name; empty when they are done."""
    counts = {
        f"{name} of {schema}": await conn.fetchval(query.format(schema=schema))
        for schema, conn in looks.items()
        for name, query in _UNSETTLED.items()
    }
    return {name: count for name, count in counts.items() if count}


async def rest(looks: Looks, seconds: float) -> None:
    """Wait until they are done, or for so long.

    What a broker has, or a job that ends between two of the questions tells, is in none of the
    answers for a moment: so all is quiet only after several looks.
    """
    end, quiet = time.monotonic() + seconds, 0
    while quiet < _QUIET_LOOKS and time.monotonic() < end:
        quiet = 0 if await unsettled(looks) else quiet + 1
        await asyncio.sleep(0.2)


async def wrong_now(looks: Looks, tenant_id: UUID, journal: Journal) -> list[str]:
    """What is wrong although nothing is under way. Every request has been answered."""
    conn = looks["invoicing"]
    documents = await conn.fetch(_DOCUMENTS, tenant_id)
    by_id = {row["document_id"]: row for row in documents}
    found = [
        *_lost(journal.of("draft", "finalize", "credit"), by_id),
        *_doubled(journal, documents),
        *_settled_otherwise(journal, documents),
        *numbering_faults(await conn.fetch(_NUMBERS, tenant_id), documents),
    ]
    keys = await conn.fetchval(_KEYS, tenant_id)
    if keys != len(journal.operations):
        found.append(f"{len(journal.operations)} keys were used, {keys} answers are stored")
    found += [
        f"settlement {row['document_id']}: {row['settled']} is not {row['total']}"
        for row in await conn.fetch(_SUMS, tenant_id)
    ]
    for schema, own in looks.items():
        audit = await verify(own, schema, tenant_id)
        if audit.broken:
            found.append(f"{schema}: {audit.broken}")
    return found


async def wrong_at_rest(looks: Looks, tenant_id: UUID) -> list[str]:
    """What is wrong once relays and workers have nothing left to do."""
    found = [f"{count} × {name}" for name, count in (await unsettled(looks)).items()]
    for what, query in _PARKED.items():
        for schema, conn in looks.items():
            rows = await conn.fetch(query.format(schema=schema), tenant_id)
            found += [f"{what} in {schema}: {dict(row)}" for row in rows[:3]]
    missing = await looks["invoicing"].fetch(_ARCHIVED, tenant_id)
    found += [f"the PDF is not archived: {row['number']}" for row in missing[:3]]
    return [*found, *await _undelivered(looks, tenant_id), *await _miscounted(looks, tenant_id)]


async def _undelivered(looks: Looks, tenant_id: UUID) -> list[str]:
    """Contracts that were told and not heard by everybody they are for, or heard and never told."""
    told: dict[str, set[tuple[UUID, str]]] = {name: set() for name in looks}
    for schema, conn in looks.items():
        for row in await conn.fetch(_TOLD.format(schema=schema), tenant_id):
            for name in subscribers().get(row["contract"], ()):
                told[name].add((row["message_id"], row["contract"]))
    found: list[str] = []
    for schema, conn in looks.items():
        rows = await conn.fetch(_HEARD.format(schema=schema), tenant_id)
        heard = {(row["message_id"], row["contract"]) for row in rows}
        never, unsent = sorted(told[schema] - heard), sorted(heard - told[schema])
        found += [f"{wire} {id} never came to {schema}" for id, wire in never[:3]]
        found += [f"{wire} {id} came to {schema} unsent" for id, wire in unsent[:3]]
    return found


async def _miscounted(looks: Looks, tenant_id: UUID) -> list[str]:
    """Each finalized document is counted once, credit notes as what they take away."""
    issued = {
        row["document_id"]: row["gross"] * (-1 if row["type"] == "credit_note" else 1)
        for row in await looks["invoicing"].fetch(_DOCUMENTS, tenant_id)
        if row["number"] is not None
    }
    rows = await looks["analytics"].fetch(_COUNTED, tenant_id)
    counted = {row["document_id"]: row["gross"] for row in rows}
    return [
        f"analytics counts {id} as {counted.get(id)}, it is {issued.get(id)}"
        for id in issued.keys() | counted.keys()
        if issued.get(id) != counted.get(id)
    ][:5]


def _id(operation: Operation) -> UUID:
    assert operation.answer is not None
    return parse_typeid("inv", operation.answer["id"])


def _lost(operations: Iterable[Operation], by_id: dict[UUID, Any]) -> Iterator[str]:
    """Acknowledged documents that are not there, or not with the same figures and number."""
    for operation in operations:
        answer, row = operation.answer or {}, by_id.get(_id(operation))
        if row is None:
            yield f"{operation.kind} {answer['id']} was acknowledged and is gone"
        elif row["gross"] != Decimal(answer["totals"]["gross"]):
            yield f"{answer['id']}: gross {answer['totals']['gross']}, stored {row['gross']}"
        elif operation.kind != "draft" and row["number"] != answer["number"]:
            yield f"{answer['id']}: number {answer['number']}, stored {row['number']}"


def _doubled(journal: Journal, documents: Sequence[Any]) -> Iterator[str]:
    """Every key had one effect: as many documents and numbers as keys, none twice."""
    made = Counter(_id(operation) for operation in journal.of("draft", "credit"))
    for document_id, count in made.items():
        if count > 1:
            yield f"{count} keys were answered with the same document {document_id}"
    if len(documents) != len(made):
        yield f"{len(made)} documents were asked for, {len(documents)} are there"
    finalized = len(journal.of("finalize", "credit"))
    numbered = sum(row["number"] is not None for row in documents)
    if numbered != finalized:
        yield f"{finalized} documents were finalized, {numbered} have a number"


def _settled_otherwise(journal: Journal, documents: Sequence[Any]) -> Iterator[str]:
    """Each payment and each credit once: balances follow from what was acknowledged."""
    paid: Counter[UUID] = Counter()
    credited: Counter[UUID] = Counter()
    for operation in journal.of("payment", "credit"):
        document_id = parse_typeid("inv", operation.path.split("/")[3])
        ledger = paid if operation.kind == "payment" else credited
        ledger[document_id] += Decimal(operation.body["amount"])  # type: ignore[assignment]
    for row in documents:
        if row["type"] != "invoice" or row["number"] is None:
            continue
        document_id = row["document_id"]
        due = row["gross"] - paid[document_id] - credited[document_id]
        expected = (paid[document_id], credited[document_id], max(due, ZERO))
        stored = (row["paid"], row["credited"], row["open"])
        if stored != expected:
            yield f"{row['number']}: paid, credited, open are {stored}, must be {expected}"


def numbering_faults(numbers: Sequence[Any], documents: Sequence[Any]) -> Iterator[str]:
    """Gaps, numbers of the wrong document, dates that decrease, within series and period."""
    texts = {row["document_id"]: row["number"] for row in documents if row["number"]}
    if len(numbers) != len(texts):
        yield f"{len(numbers)} numbers were drawn, {len(texts)} documents have one"
    last: dict[tuple[Any, Any], Any] = {}
    for row in numbers:
        place = (row["series_id"], row["period"])
        before = last.get(place)
        if row["number"] != (before["number"] if before else 0) + 1:
            yield f"a gap before {row['text']}"
        if before and row["on_date"] < before["on_date"]:
            yield f"{row['text']} is dated before {before['text']}"
        if texts.get(row["document_id"]) != row["text"]:
            yield f"{row['text']} was drawn for {texts.get(row['document_id'])}"
        last[place] = row


_DOCUMENTS = """
SELECT d.document_id, d.type, d.number, d.gross, s.paid, s.credited, s.open
FROM invoicing.documents d LEFT JOIN invoicing.settlements s USING (tenant_id, document_id)
WHERE d.tenant_id = $1
"""
_NUMBERS = """
SELECT series_id, period, number, text, document_id, on_date FROM invoicing.numbers
WHERE tenant_id = $1 ORDER BY series_id, period, number
"""
_KEYS = "SELECT count(DISTINCT key_hash) FROM invoicing.idempotency WHERE tenant_id = $1"
_SUMS = """
SELECT s.document_id, s.settled, coalesce(sum(e.amount), 0) AS total
FROM invoicing.settlements s
LEFT JOIN invoicing.settlement_entries e USING (tenant_id, document_id)
WHERE s.tenant_id = $1 GROUP BY s.document_id, s.settled
HAVING s.settled <> coalesce(sum(e.amount), 0)
"""
_PARKED = {
    "a contract was parked": """
        SELECT message_id, reason FROM {schema}.inbox WHERE tenant_id = $1 AND state <> 'done'
    """,
    "a job was parked": """
        SELECT kind, key, reason FROM {schema}.due_jobs
        WHERE tenant_id = $1 AND state = 'parked'
    """,
}
_ARCHIVED = """
SELECT d.number FROM invoicing.documents d
LEFT JOIN invoicing.archives a USING (tenant_id, document_id)
WHERE tenant_id = $1 AND d.number IS NOT NULL AND a.kind IS NULL
"""
_TOLD = "SELECT message_id, contract FROM {schema}.outbox WHERE tenant_id = $1"
_HEARD = "SELECT message_id, contract FROM {schema}.inbox WHERE tenant_id = $1"
_COUNTED = "SELECT document_id, gross FROM analytics.documents WHERE tenant_id = $1"
