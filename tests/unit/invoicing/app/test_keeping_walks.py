"""Holds, erasures and purges in any order: a machine that knows from the rules alone what stays.

It walks with the real handlers on twins of the ports. The model is told apart: a document is there,
erased or purged; what may happen to it follows from its year, its holds and what is open of it.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from invx.contexts.invoicing.app.erase import Erase, EraseAgain, erase, erase_again
from invx.contexts.invoicing.app.purge_documents import PurgeDocuments, purge_documents
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope
from invx.contexts.invoicing.domain.settlement import settlement_id
from tests.unit.invoicing.app.test_erasing import ALL, ENTITY, THEM, US, MemoryWork
from tests.unit.invoicing.domain.drafts import named

YEARS_KEPT = 8  # Germany
CUSTOMERS = {US: "C-1", THEM: "C-2"}
FIRST_YEAR, LAST_YEAR = 2026, 2045


@dataclass
class Known:
    """What the model knows of a document."""

    document: Document
    buyer: UUID
    year: int | None  # of issue
    open: bool = False
    gone: bool = False
    purged: bool = False


class Keeping(RuleBasedStateMachine):
    """The world of one tenant."""

    @initialize()
    def begin(self) -> None:
        self.uow = MemoryWork(datetime(FIRST_YEAR, 6, 1, tzinfo=UTC))
        self.known: list[Known] = []
        self.records: list = []
        self.count = 0

    def done(self, work):
        return asyncio.run(work)

    # What the model says

    def held(self, known: Known) -> bool:
        scopes = {(scope, target) for _, scope, target in self.uow.held}
        return bool(
            scopes
            & {
                (HoldScope.DOCUMENT, known.document.id),
                (HoldScope.CUSTOMER, known.buyer),
                (HoldScope.LEGAL_ENTITY, ENTITY),
            }
        )

    def kept(self, known: Known) -> bool:
        law = known.year is not None and known.year + YEARS_KEPT >= self.uow.ctx.now.year
        return law or self.held(known)

    def alive(self) -> list[Known]:
        return [each for each in self.known if not each.purged]

    # What can happen

    @rule(buyer=st.sampled_from([US, THEM]), issued=st.booleans(), open=st.booleans())
    def write(self, buyer: UUID, issued: bool, open: bool) -> None:
        self.count += 1
        day = self.uow.ctx.now.date() if issued else None
        document = self.uow.write(f"d{self.count}", buyer, day)
        standing = SimpleNamespace(open=int(open), disputed=False, voided=False)
        if issued:
            held = self.uow.settlements.held
            held[settlement_id(document.id)] = SimpleNamespace(
                standing=standing, claim=SimpleNamespace(document_id=document.id)
            )
        self.known.append(Known(document, buyer, day.year if day else None, issued and open))

    @precondition(lambda self: self.known)
    @rule(at=st.integers(0, 99), scope=st.sampled_from(list(HoldScope)))
    def hold(self, at: int, scope: HoldScope) -> None:
        one = self.known[at % len(self.known)]
        self.count += 1
        target = {
            HoldScope.DOCUMENT: one.document.id,
            HoldScope.CUSTOMER: one.buyer,
            HoldScope.LEGAL_ENTITY: ENTITY,
        }[scope]
        self.uow.held.append((named(f"hold {self.count}"), scope, target))

    @precondition(lambda self: self.uow.held)
    @rule(at=st.integers(0, 99))
    def release(self, at: int) -> None:
        """The erasures that it stopped go on, as the release schedules them."""
        hold_id, *_ = self.uow.held.pop(at % len(self.uow.held))
        for record in self.records:
            if hold_id in record.holds:
                self.done(erase_again(EraseAgain(record.id), self.uow))
                self.follow(record)

    @rule(buyer=st.sampled_from([US, THEM]))
    def erase_customer(self, buyer: UUID) -> None:
        record = self.done(erase(Erase(customer=CUSTOMERS[buyer]), self.uow))
        self.records.append(record)
        self.follow(record)
        mine = [each for each in self.alive() if each.buyer == buyer and not each.gone]
        assert {each.document_id for each in record.kept} >= {
            each.document.id for each in mine if self.kept(each)
        }

    @precondition(lambda self: self.alive())
    @rule(at=st.integers(0, 99))
    def erase_one(self, at: int) -> None:
        one = self.alive()[at % len(self.alive())]
        record = self.done(erase(Erase(document_id=one.document.id), self.uow))
        self.records.append(record)
        self.follow(record)
        assert one.gone is not self.kept(one) or one.gone

    def follow(self, record) -> None:
        """What the record says is gone; never what had to stay."""
        for each in self.known:
            if each.document.id in record.erased and not each.gone:
                assert not self.kept(each), "something that must stay was erased"
                each.gone = True

    @precondition(lambda self: self.uow.ctx.now.year < LAST_YEAR)
    @rule(years=st.integers(1, 5))
    def years_pass(self, years: int) -> None:
        """All jobs that are due by then have run, year by year."""
        for year in range(self.uow.ctx.now.year + 1, self.uow.ctx.now.year + years + 1):
            self.uow.ctx.now = datetime(year, 1, 1, tzinfo=UTC)
            for record in self.records:
                if record.next_on is not None and record.next_on <= date(year, 1, 1):
                    self.done(erase_again(EraseAgain(record.id), self.uow))
                    self.follow(record)

    @rule(trial=st.booleans())
    def purge(self, trial: bool) -> None:
        ids = [each.document.id for each in self.known]
        outcomes = self.done(purge_documents(PurgeDocuments(ids, trial=trial), self.uow))
        for each, refusal in zip(self.known, outcomes, strict=True):
            goes = each.year is not None and not self.kept(each) and not each.open
            assert (refusal is None) is (goes or each.purged), (each, refusal)
            if refusal is None and not trial:
                each.purged = each.gone = True

    # What always holds

    @invariant()
    def what_is_there_is_there_whole_and_what_is_gone_is_gone(self) -> None:
        for each in getattr(self, "known", ()):
            left = self.uow.left(each.buyer, each.document)
            assert left == (0 if each.gone else ALL), each
            assert each.document.purged is each.purged
            archived = each.document.id in self.uow.personal_data.archives
            assert archived is not each.gone

    @invariant()
    def what_is_gone_has_said_so_and_a_purge_said_it_once(self) -> None:
        for each in getattr(self, "known", ()):
            told = each.document.recorded
            assert bool(told) is each.gone
            assert sum(event.purged for event in told) == int(each.purged)


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
