"""Who sells: one legal entity of the tenant, with its registrations, accounts and habits."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.accounting import chart_problems
from invx.contexts.invoicing.domain.bookkeeping.chart import Charts
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery_errors import ChannelUnknown
from invx.contexts.invoicing.domain.delivery.transmission import ChannelUse
from invx.contexts.invoicing.domain.interest.charging import Charging
from invx.contexts.invoicing.domain.legal_entity_details import (
    LegalEntityDetails,
    details_problems,
    normalised,
)
from invx.contexts.invoicing.domain.legal_entity_events import (
    ApprovalDemandChanged,
    LegalEntityAmended,
    LegalEntityRegistered,
)
from invx.contexts.invoicing.domain.party import Registration, Seller
from invx.contexts.invoicing.domain.periods.closed import Closed, PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing, Locks, PeriodMalformed, Scope
from invx.contexts.invoicing.domain.periods.period_events import (
    ClosingCause,
    PeriodsClosed,
    PeriodsReopened,
)
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, Problem, violated
from invx.kernel.messages import Event
from invx.rules.calendar.zones import today
from invx.rules.tax.model import Special
from invx.rules.tax.packs import Clearance, Packs


class LegalEntityInvalid(Invalid):
    """The legal entity cannot be set up as it is; `problems` names each field."""


class LegalEntityErased(Conflict):
    """The data of the legal entity was erased; it sells no more."""


class IssueDateInFuture(Invalid):
    """A document cannot be dated in the future (D2)."""


class IssueDateTooOld(Invalid):
    """A document cannot be dated that far back (D2)."""


class LegalEntity(Aggregate):
    """A legal entity; finalizing a document freezes a copy of its seller."""

    details: LegalEntityDetails

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.locks = Locks(id)
        self.approvals_demanded = False  # there are approval rules

    @classmethod
    def register(cls, id: UUID, details: LegalEntityDetails) -> Self:
        """A new legal entity. Raises LegalEntityInvalid."""
        entity = cls(id)
        details = _checked(details)
        entity.record(LegalEntityRegistered(legal_entity_id=id, details=details))
        return entity

    def amend(self, details: LegalEntityDetails) -> None:
        """Other details from now on; the same ones change nothing. Raises LegalEntityInvalid."""
        details = _checked(details)
        if details != self.details:
            self.record(LegalEntityAmended(legal_entity_id=self.id, details=details))

    def demand_approvals(self, *, demanded: bool) -> None:
        """Whether it has approval rules by now; the same as before changes nothing."""
        if demanded is not self.approvals_demanded:
            self.record(ApprovalDemandChanged(demanded=demanded))

    @property
    def closed(self) -> Closed:
        """Which days take nothing any more (D5)."""
        return self.locks.closed

    def close_periods(
        self, wanted: Closing, now: datetime, cause: ClosingCause = ClosingCause.BY_HAND
    ) -> bool:
        """Close days that are over; True when they were open.

        Raises RegistrationNotFound, PeriodMalformed, PeriodNotOver, PeriodWouldReopen.
        """
        if wanted.registration is not None and wanted.registration not in self._registrations():
            problem = Problem("/registration", "registration_not_found", "There is none like it.")
            raise PeriodMalformed(problems=[problem])
        event = self.locks.close(wanted, self.today(now))
        if event is not None:
            self.record(replace(event, cause=cause))
        return event is not None

    def reopen_periods(self, scope: Scope, through: date | None, reason: str) -> None:
        """Open days again. Raises PeriodMalformed, PeriodNotClosed, PeriodClosedForGood."""
        self.record(self.locks.reopen(scope, through, reason))

    def _registrations(self) -> set[UUID]:
        return {registration_id(self.id, each) for each in self.seller.registrations}

    @property
    def seller(self) -> Seller:
        """The seller as documents show it. Raises LegalEntityErased."""
        if self.details.seller is None:
            raise LegalEntityErased
        return self.details.seller

    def title_of(self, type: DocumentType) -> str | None:
        """What documents of this type are called here, where that was set (N11)."""
        return self.details.titles.get(type)

    def registration_on(self, country: str | None, day: date) -> Registration | None:
        """The registration in a country (the entity's own by default) that is valid on the day.

        One-stop shops are filed in a country and are no registration in it.
        """
        address = self.seller.party.address
        country = country or (address.country if address else None)
        for registration in self.seller.registrations:
            start = registration.valid_from or date.min
            end = registration.valid_to or date.max
            if registration.special in (Special.OSS, Special.IOSS):
                continue
            if registration.country == country and start <= day <= end:
                return registration
        return None

    def clearance_in(self, packs: Packs) -> Clearance:
        """How its country clears documents, unless the entity says that it is otherwise."""
        address = self.seller.party.address
        pack = packs.get(address.country) if address else None
        clearance = pack.clearance if pack else Clearance()
        own = self.details.clearance
        return clearance if own is None else replace(clearance, rule=own)

    def channel_use(self, channel: str) -> ChannelUse:
        """How it uses a channel. Raises ChannelUnknown."""
        for use in self.details.transmission_channels:
            if use.channel == channel:
                return use
        used = ", ".join(use.channel for use in self.details.transmission_channels) or "none"
        detail = f"The legal entity does not use the channel {channel!r}; those it uses: {used}."
        raise ChannelUnknown(detail, problems=[Problem("/channel", ChannelUnknown.code, detail)])

    def shop_on(self, special: Special, day: date) -> Registration | None:
        """The one-stop shop of that kind that the entity is in on the day."""
        for registration in self.seller.registrations:
            start = registration.valid_from or date.min
            end = registration.valid_to or date.max
            if registration.special is special and start <= day <= end:
                return registration
        return None

    @property
    def charging(self) -> Charging | None:
        """How late payment is claimed by itself, if it is."""
        return self.details.late_fees.charge if self.details.late_fees else None

    def today(self, now: datetime) -> date:
        """The day that it is in the entity's zone."""
        return today(now, self.details.time_zone)

    def issue_date_for(self, requested: date | None, now: datetime) -> date:
        """The date of a document finalized now: as requested, or today in the entity's zone.

        Raises IssueDateInFuture, IssueDateTooOld.
        """
        # Midnight may have passed, and yesterday been closed, since this command began.
        current = self.closed.first_open(PeriodKind.DOCUMENTS, self.today(now))
        issued = requested or current
        if issued > current:
            detail = f"Today is {current.isoformat()}; a document cannot be dated later."
            problem = Problem("/issue_date", IssueDateInFuture.code, detail)
            raise IssueDateInFuture(detail, problems=[problem])
        days = self.details.backdating_days
        earliest = current - timedelta(days=days)
        if issued < earliest:
            detail = f"A document can be dated {days} days back at most, to {earliest.isoformat()}."
            problem = Problem("/issue_date", IssueDateTooOld.code, detail)
            raise IssueDateTooOld(detail, problems=[problem])
        return issued

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case LegalEntityRegistered() | LegalEntityAmended():
                self.details = event.details
            case ApprovalDemandChanged():
                self.approvals_demanded = event.demanded
            case PeriodsClosed() | PeriodsReopened():
                self.locks.remember(event)
            case _:
                violated(f"a legal entity does not know {type(event).__name__}")


def _checked(details: LegalEntityDetails) -> LegalEntityDetails:
    details = normalised(details)
    if problems := details_problems(details):
        raise LegalEntityInvalid(problems=problems)
    return details


def ensure_chart(details: LegalEntityDetails, charts: Charts) -> None:
    """That the chart of accounts is one that is shipped. Raises LegalEntityInvalid."""
    if problems := chart_problems(details.accounting, charts):
        raise LegalEntityInvalid(problems=problems)
