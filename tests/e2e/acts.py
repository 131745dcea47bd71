"""What several end-to-end tests do: be at a moment, be refused, read a PDF, count rows."""

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pypdf

from tests.world import Desk, World

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    """A moment as the clock on a wall in Berlin shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


async def be_at(desk: Desk, moment: datetime) -> None:
    """Set the tenant's business clock; from then on it runs as clocks do."""
    async with desk.world.admin() as conn:
        offset = await conn.fetchval(
            "SELECT clock_offset FROM invoicing.tenants WHERE tenant_id = $1", desk.tenant_id
        )
    await desk.world.advance(desk.tenant_id, moment - datetime.now(UTC) - offset)


async def refused(
    desk: Desk, method: str, path: str, body: Any = None, *, status: int, **more: Any
) -> dict[str, Any]:
    """The problem that the API answers with."""
    response = await desk.client.request(method, path, json=body, **more)
    assert response.status_code == status, f"{response.status_code} {response.text}"
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    return problem


def pointers(problem: dict[str, Any]) -> dict[str, str]:
    """The code of each field at fault."""
    return {each["pointer"]: each["code"] for each in problem["problems"]}


def pdf_text(response: httpx.Response) -> str:
    """The words of a PDF, with plain blanks and no soft breaks."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(response.content))
    text = "\n".join(page.extract_text() for page in reader.pages)
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u200b", "")


async def text_of(desk: Desk, invoice: dict[str, Any], kind: str = "pdf") -> str:
    """The words of a document's PDF or preview."""
    return pdf_text(await desk.client.get(f"/v1/invoices/{invoice['id']}/{kind}"))


async def count_rows(world: World) -> dict[str, int]:
    """The number of rows of every table of invoicing and analytics, in one database."""
    async with world.admin() as conn:
        tables = await conn.fetch(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname IN ('invoicing', 'analytics')"
        )
        names = [f"{schema}.{table}" for schema, table in tables]
        counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        return dict(await conn.fetch(counts))


# What seals write by themselves, each minute, is nobody's act.
_SEALS = ("seals", "seal_leaves", "seal_anchors", "register")
BY_NO_SEAL = {"events": "AND actor <> 'system:register'", "streams": "AND kind <> 'Register'"}


async def own_rows(desk: Desk) -> dict[str, int]:
    """How many rows the tenant has in each table, but those that seals make by themselves.

    Whatever is under way has been done by then: what follows upon a document (its PDF, its line in
    analytics) would make a difference between two counts that the acts between them did not.
    """
    await desk.world.settle()
    found: dict[str, int] = {}
    for schema in ("invoicing", "analytics"):
        async with desk.world.admin(context=schema) as conn:
            tables = await conn.fetch(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = $1"
                " AND column_name = 'tenant_id' AND table_name <> ALL ($2)",
                schema,
                _SEALS,
            )
            counts = " UNION ALL ".join(
                f"SELECT '{schema}.{name}', count(*) FROM {schema}.{name}"
                f" WHERE tenant_id = $1 {BY_NO_SEAL.get(name, '')}"
                for (name,) in tables
            )
            found |= dict(await conn.fetch(counts, desk.tenant_id))
    return found


def contained(wanted: Any, found: Any, at: str = "") -> None:
    """Everything that was sent stands in the answer; the answer may say more."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert isinstance(found, dict), f"{at}: {found!r} is no object"
            assert name in found, f"{at}/{name} is missing"
            contained(value, found[name], f"{at}/{name}")
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{at}: {found!r} is no list"
        assert len(found) == len(wanted), f"{at}: {len(found)} instead of {len(wanted)}"
        for index, value in enumerate(wanted):
            contained(value, found[index], f"{at}/{index}")
    else:
        assert found == wanted, f"{at}: {found!r} instead of {wanted!r}"
