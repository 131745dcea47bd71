"""What tenants themselves know of taxes, as their rows say it."""

import msgspec

from invx.contexts.invoicing.domain.tax.rate_table import (
    KnownTaxes,
    RateTable,
    RateTableNotFound,
    rate_table_id,
)
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork
from invx.rules.tax.packs import Pack, Packs
from invx.rules.tax.rate_table import RateTable as Table
from invx.rules.tax.rate_table import TableRate

_KNOWN = """SELECT kind, country, version, digest, body::text FROM invoicing.tax_knowledge
    WHERE tenant_id = $1 ORDER BY kind, country"""


class _Rates(msgspec.Struct):
    rates: tuple[TableRate, ...]
    origin_regions: tuple[str, ...]


_rates = msgspec.json.Decoder(_Rates).decode
_pack = msgspec.json.Decoder(Pack).decode


class PostgresRateTables(EventSourcedRepository[RateTable]):
    """Rate tables by their kept state, locked; what they state is read from their rows."""

    def __init__(self, unit: EventUnitOfWork, packs: Packs) -> None:
        super().__init__(RateTable, unit.store, unit.held, missing=RateTableNotFound)
        self._unit = unit
        self._packs = packs
        self._known: KnownTaxes | None = None

    async def locked(self, country: str) -> RateTable:
        """That of a country, locked; a new one when nothing was ever stated.

        Two that begin one at once write the same stream: the second runs again and finds it.
        """
        tenant_id = self._unit.ctx.tenant_id
        try:
            return await self.get_locked(rate_table_id(tenant_id, country))
        except RateTableNotFound:
            table = RateTable.begin(tenant_id, country)
            self.add(table)
            return table

    async def known(self) -> KnownTaxes:
        """The packs with all overrides of the tenant, and its rates, in one round trip."""
        if self._known is None:
            self._known = await self._read()
        return self._known

    async def _read(self) -> KnownTaxes:
        tables, overrides = [], []
        for row in await self._unit.conn.fetch(_KNOWN, self._unit.ctx.tenant_id):
            if row["kind"] == "overrides":
                overrides.append(_pack(row["body"]))
                continue
            stated = _rates(row["body"])
            tables.append(
                Table(
                    version=f"{row['country']} {row['version']}",
                    digest=row["digest"],
                    rates=stated.rates,
                    origin_regions=stated.origin_regions,
                )
            )
        packs = self._packs
        if overrides:
            packs = Packs.of(packs.by_country.values(), overrides)
        return KnownTaxes(packs, Table.of(tables))
