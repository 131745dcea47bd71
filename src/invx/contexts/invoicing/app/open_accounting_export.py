"""Take the bookings that a destination does not have yet, with the settings it wants them in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.app.asked import Wanted
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import (
    AccountingExport,
    ExportSettingsInvalid,
    NothingToExport,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportOpened,
    ExportFormat,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import (
    ExportSettings,
    settings_problems,
)
from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import give_out
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.kernel.messages import Command

_CHARTS = {"SKR03": "03", "SKR04": "04"}  # as DATEV calls them


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccountingExport(Command):
    """`settings` are those that differ from the last export to the destination."""

    legal_entity_id: UUID | None
    destination: str
    format: ExportFormat
    until: date
    settings: Mapping[str, Any]


async def open_accounting_export(
    command: OpenAccountingExport, uow: InvoicingUnitOfWork
) -> AccountingExport:
    """The export with exactly the bookings that no standing one of the destination has.

    Exports of a legal entity are opened one after another, so no booking and no debtor number is
    given twice. Raises LegalEntityNotFound, LegalEntityRequired, ExportSettingsInvalid,
    NothingToExport, DebtorNumbersExhausted, DebtorNumberDoesNotFit.
    """
    entity = (
        await uow.legal_entities.get(command.legal_entity_id)
        if command.legal_entity_id
        else await uow.legal_entities.only()
    )
    await uow.exporting.lock(entity.id)
    wanted = Wanted(entity.id, command.destination, command.until)
    settings = _settled(await uow.exporting.last_settings(wanted), command, entity)
    buyers = await uow.exporting.buyers(wanted, settings)
    debtors = give_out(
        buyers.waiting, used=buyers.stated, last_given=buyers.last_given, settings=settings
    )
    export_id = uow.ids.new()
    selection = await uow.exporting.take(export_id, wanted, settings, debtors)
    if selection is None:
        raise NothingToExport
    export = AccountingExport.open(
        AccountingExportOpened(
            export_id=export_id,
            legal_entity_id=entity.id,
            destination=command.destination,
            format=command.format,
            until=command.until,
            settings=settings,
            selection=selection,
            debtors=tuple(debtors),
            opened_at=uow.ctx.now,
            by=uow.ctx.caller.actor,
        )
    )
    uow.accounting_exports.add(export)
    return export


def _settled(
    last: ExportSettings | None, command: OpenAccountingExport, entity: LegalEntity
) -> ExportSettings:
    """The settings that are frozen with the export. Raises ExportSettingsInvalid."""
    address = entity.seller.party.address
    books = entity.details.accounting
    settings = replace(
        last or ExportSettings(chart=_CHARTS.get(books.chart or "", "") if books else ""),
        **command.settings,
        time_zone=entity.details.time_zone,
        country=address.country if address else None,
    )
    if problems := settings_problems(settings, datev=command.format is ExportFormat.DATEV):
        raise ExportSettingsInvalid(problems=problems)
    return settings
