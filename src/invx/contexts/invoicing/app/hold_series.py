"""Let a series give no numbers for a while, and let it give numbers again."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.permit_number import NOT_HERE
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.series import Series, SeriesNotReconciled
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSeries(Command):
    series_id: UUID
    reason: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSeries(Command):
    series_id: UUID
    reason: str
    expected_version: int | None = None


async def hold_series(command: HoldSeries, uow: InvoicingUnitOfWork) -> Series:
    """The held series; it may have been held before. Raises NotFound, Stale."""
    series = await uow.series.get_locked(command.series_id)
    expect(series, command.expected_version)
    series.hold(command.reason)
    return series


async def release_series(command: ReleaseSeries, uow: InvoicingUnitOfWork) -> Series:
    """The series, which gives numbers again. Raises NotFound, Stale, SeriesNotReconciled."""
    series = await uow.series.get_locked(command.series_id)
    expect(series, command.expected_version)
    if not uow.series.permit(series).here:
        raise SeriesNotReconciled(NOT_HERE)
    series.release(command.reason)
    return series
