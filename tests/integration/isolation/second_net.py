"""A connection whose statements have lost their tenant conditions: only the database is left."""

import re
from typing import Any

_BY_VALUE = re.compile(r"\b(?:\w+\.)?tenant_id = (\$\d+)")
_BY_JOIN = re.compile(r"\b\w+\.tenant_id = \w+\.tenant_id\b")


def without_tenant(statement: str) -> str:
    """The statement without its conditions on the tenant; its parameters keep their numbers."""
    return _BY_JOIN.sub("true", _BY_VALUE.sub(r"\1::uuid IS NOT NULL", statement))


class Careless:
    """Hands every statement on without its tenant conditions, and keeps what was sent."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.sent: list[str] = []

    def _stripped(self, statement: str) -> str:
        stripped = without_tenant(statement)
        self.sent.append(stripped)
        return stripped

    async def fetch(self, statement: str, *values: Any) -> Any:
        return await self._conn.fetch(self._stripped(statement), *values)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        return await self._conn.fetchrow(self._stripped(statement), *values)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        return await self._conn.fetchval(self._stripped(statement), *values)

    async def execute(self, statement: str, *values: Any) -> Any:
        return await self._conn.execute(self._stripped(statement), *values)
