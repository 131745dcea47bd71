"""Set up a new sandbox as another tenant is: its legal entities and their series.

Ids are made from those of before, so doing it twice changes nothing. No channel comes along: what a
sandbox writes must not reach anybody because its live tenant does. Nor does a number: each series
begins where it was opened to begin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from invx.contexts.invoicing.app.close_by_schedule import begin_closing
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.kernel.ids import named_id
from invx.kernel.messages import Command

_TIME_BITS, _VERSION_BITS, _VERSION = 80, 76, 7  # below them in a UUIDv7, and which one it is


@dataclass(frozen=True, slots=True)
class SeriesLike:
    """A series of there, and how many of its types draw from it by default."""

    id: UUID
    definition: SeriesDefinition
    defaults: int


@dataclass(frozen=True, slots=True)
class EntityLike:
    """A legal entity of there with its series."""

    id: UUID
    details: LegalEntityDetails
    series: Sequence[SeriesLike]


@dataclass(frozen=True, slots=True)
class TakeConfiguration(Command):
    """What there is to be taken over."""

    entities: Sequence[EntityLike]


async def take_configuration(command: TakeConfiguration, uow: InvoicingUnitOfWork) -> None:
    """Those legal entities that are not here yet, with all of their series."""
    for like in command.entities:
        id = _here(like.id, uow)
        if await uow.legal_entities.find(id) is not None:
            continue
        entity = LegalEntity.register(id, replace(like.details, transmission_channels=()))
        uow.legal_entities.add(entity)
        begin_closing(entity, uow)
        # Whoever is the default of all of its types comes last, and has the last word.
        for each in sorted(like.series, key=lambda s: s.defaults / len(s.definition.types)):
            series = Series.open(
                _here(each.id, uow), legal_entity_id=id, definition=each.definition
            )
            uow.series.add(series)
            if each.defaults:
                uow.series.make_default(series)


def _here(id: UUID, uow: InvoicingUnitOfWork) -> UUID:
    """An id of its own, since the outside journal of numbers knows a series by its id alone.

    The same each time, and time-ordered (RFC 9562, 5.7) as of the moment the sandbox was made.
    """
    made, born = named_id(uow.ctx.tenant_id, str(id)).int, uow.ctx.tenant_id.int >> _TIME_BITS
    rest = made & ((1 << _TIME_BITS) - 1) & ~(0xF << _VERSION_BITS)
    return UUID(int=born << _TIME_BITS | _VERSION << _VERSION_BITS | rest)
