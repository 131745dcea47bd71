"""Series as handlers hold them: locked, with what this database permits them."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.app.asked import SeriesChoice
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.number_permit import NumberPermit
from invx.contexts.invoicing.domain.series import Series
from invx.kernel.ports import Fact, Repository


class SeriesRepository(Repository[Series], Protocol):
    """Series; they are only ever taken locked, so that numbers are drawn one after another."""

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        ...

    async def locked_for(self, choices: Collection[SeriesChoice]) -> dict[SeriesChoice, Series]:
        """The series of many documents, those that exist, locked in the order of their ids."""
        ...

    def make_default(self, series: Series) -> None:
        """From now on the series' types draw from it."""
        ...

    def permit(self, series: Series) -> NumberPermit:
        """What a series that was loaded here may give."""
        ...

    def reservation(self, series: Series, period: str, number: int) -> Fact | None:
        """The fact whose answer is a bound that the outside journal knows; None without one."""
        ...

    def reserve(self, series: Series, period: str, bound: int) -> None:
        """Numbers up to `bound` may be given; it stands outside already."""
        ...

    async def accept(self, series: Series) -> None:
        """From now on the series gives its numbers in this database."""
        ...
