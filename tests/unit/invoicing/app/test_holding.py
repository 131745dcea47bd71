"""Holds and purges by their handlers: what is held stays, whatever law and buyer say (D4)."""

from datetime import date
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.app.erase import Erase, EraseAgain, erase, erase_again
from invx.contexts.invoicing.app.purge_documents import PurgeDocuments, purge_documents
from invx.contexts.invoicing.domain.document_events import PersonalDataErased
from invx.contexts.invoicing.domain.keeping.legal_hold import (
    Holds,
    LegalHold,
    LegalHoldIsReleased,
)
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope, LegalHoldPlaced
from invx.contexts.invoicing.domain.settlement import settlement_id
from tests.unit.invoicing.app.test_erasing import (
    ALL,
    ENTITY,
    EVERYWHERE,
    ISSUED,
    LONG_AGO,
    THE_END,
    THEM,
    US,
    MemoryWork,
)
from tests.unit.invoicing.domain.drafts import NOW, named

HOLD, OTHER = UUID(int=501), UUID(int=502)
SCOPES = list(HoldScope)


def target(scope, document):
    return {
        HoldScope.DOCUMENT: document.id,
        HoldScope.CUSTOMER: document.subject_id,
        HoldScope.LEGAL_ENTITY: ENTITY,
    }[scope]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("issued", [None, LONG_AGO, ISSUED])
async def test_a_hold_stops_an_erasure_and_its_release_lets_it_go_on(scope, issued):
    uow = MemoryWork()
    document = uow.write("held", issued=issued)
    uow.held = [(HOLD, scope, target(scope, document))]
    record = await erase(EVERYWHERE, uow)
    assert (record.erased, record.holds, uow.left(US, document)) == ((), (HOLD,), ALL)
    [kept] = record.kept
    assert (kept.hold_id, kept.until is None) == (HOLD, issued != ISSUED)
    assert document.recorded == []
    assert uow.personal_data.archives == {document.id}
    uow.held = []
    uow.ctx.now = THE_END if issued == ISSUED else uow.ctx.now
    await erase_again(EraseAgain(record.id), uow)
    assert (record.erased, record.holds, uow.left(US, document)) == ((document.id,), (), 0)


async def test_only_a_customer_who_is_held_keeps_what_waits_to_be_imported():
    for scope, forgotten in ((HoldScope.CUSTOMER, []), (HoldScope.DOCUMENT, [US])):
        uow = MemoryWork()
        document = uow.write("one")
        uow.held = [(HOLD, scope, target(scope, document))]
        await erase(EVERYWHERE, uow)
        assert uow.forgotten == forgotten


async def test_a_held_document_keeps_what_it_said_of_somebody_else():
    uow = MemoryWork()
    document = uow.write("mixed", THEM, LONG_AGO, others=[US])
    uow.held = [(HOLD, HoldScope.DOCUMENT, document.id)]
    record = await erase(EVERYWHERE, uow)
    assert (record.kept, record.holds) == ((), (HOLD,))
    assert (uow.left(US, document), uow.left(THEM, document)) == (ALL, ALL)


async def test_a_held_customer_stays_where_another_buyer_is_erased():
    uow = MemoryWork()
    document = uow.write("mixed", THEM, LONG_AGO, others=[US])
    uow.held = [(HOLD, HoldScope.CUSTOMER, US)]
    record = await erase(Erase(document_id=document.id), uow)
    assert (record.erased, record.holds) == ((document.id,), (HOLD,))
    assert (uow.left(US, document), uow.left(THEM, document)) == (ALL, 0)


async def test_the_oldest_of_several_holds_is_the_one_that_is_named():
    document = MemoryWork().write("one")
    standing = [(HOLD, HoldScope.DOCUMENT, document.id), (OTHER, HoldScope.DOCUMENT, document.id)]
    assert Holds.of(standing).on(document) == HOLD
    assert Holds.of(standing[::-1]).on(document) == OTHER
    assert Holds().on(document) is None


def placed(**more):
    said = {"scope": HoldScope.CUSTOMER, "target_id": US, "subject_id": US, "customer": "C-1"}
    return LegalHoldPlaced(**said, reason="lawsuit", by="user:a", placed_at=NOW, **more)


def test_a_hold_is_released_once():
    hold = LegalHold.place(HOLD, placed())
    hold.release("over", by="user:b", now=NOW)
    assert (hold.released.by, hold.released.reason, hold.version) == ("user:b", "over", 2)
    with pytest.raises(LegalHoldIsReleased):
        hold.release("again", by="user:b", now=NOW)
    again = LegalHold.rehydrate(HOLD, hold.recorded)
    assert (again.placed, again.released) == (hold.placed, hold.released)


def settled(uow, document, open="0", disputed=False, voided=False):
    standing = SimpleNamespace(open=int(open), disputed=disputed, voided=voided)
    uow.settlements.held[settlement_id(document.id)] = SimpleNamespace(standing=standing)


async def outcomes(uow, *documents, trial=False):
    command = PurgeDocuments([each.id for each in documents], trial=trial)
    return [each and each.code for each in await purge_documents(command, uow)]


async def test_a_purge_takes_everybody_the_seller_too_and_says_so_once():
    uow = MemoryWork()
    document = uow.write("old", issued=LONG_AGO, others=[THEM])
    uow.personal_data.values.add((ENTITY, document.id))
    settled(uow, document)
    assert await outcomes(uow, document) == [None]
    assert {stream for _, stream in uow.personal_data.values} == set()
    assert uow.personal_data.archives == set()
    [told] = document.recorded
    assert told == PersonalDataErased(subject_ids=tuple(sorted((US, THEM, ENTITY))), purged=True)
    assert (document.purged, document.erased) == (True, True)
    assert await outcomes(uow, document) == [None]
    assert len(document.recorded) == 1, "a second time nothing happens"


async def test_a_trial_judges_alike_and_touches_nothing():
    uow = MemoryWork()
    document = uow.write("old", issued=LONG_AGO)
    assert await outcomes(uow, document, trial=True) == [None]
    assert (uow.left(US, document), document.recorded, uow.personal_data.shut) == (ALL, [], 0)


@pytest.mark.parametrize(
    ("open", "disputed", "voided", "code"),
    [
        ("0", False, False, None),
        ("1", False, False, "document_unsettled"),
        ("0", True, False, "document_unsettled"),
        ("1", True, True, None),
    ],
)
async def test_what_is_open_or_disputed_stays(open, disputed, voided, code):
    uow = MemoryWork()
    document = uow.write("old", issued=LONG_AGO)
    settled(uow, document, open, disputed, voided)
    assert await outcomes(uow, document) == [code]
    assert uow.left(US, document) == (ALL if code else 0)


async def test_each_reason_is_said_of_its_own_document():
    uow = MemoryWork()
    gone, running = uow.write("gone", issued=LONG_AGO), uow.write("running", issued=ISSUED)
    draft, held = uow.write("draft"), uow.write("held", issued=LONG_AGO)
    beside = uow.write("beside", THEM, LONG_AGO, others=[named("somebody")])
    uow.held = [
        (HOLD, HoldScope.DOCUMENT, held.id),
        (OTHER, HoldScope.CUSTOMER, named("somebody")),
    ]
    nowhere = SimpleNamespace(id=named("nowhere"))
    found = await outcomes(uow, gone, running, draft, held, beside, nowhere)
    assert found == [
        None, "retention_runs", "document_not_issued", "legal_hold", "legal_hold",
        "document_not_issued",
    ]  # fmt: skip
    assert uow.left(US, gone) == 0
    assert [uow.left(US, each) for each in (running, draft, held)] == [ALL] * 3


cases = st.lists(
    st.tuples(
        st.none() | st.dates(date(2014, 1, 1), date(2026, 3, 2)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(cases)
async def test_what_a_trial_lets_pass_is_what_a_purge_takes(written):
    uow = MemoryWork()
    made = []
    for number, (issued, is_held, is_open) in enumerate(written):
        document = uow.write(str(number), issued=issued)
        settled(uow, document, "1" if is_open else "0")
        made.append(document)
        if is_held:
            uow.held.append((named(f"hold {number}"), HoldScope.DOCUMENT, document.id))
    shown = await outcomes(uow, *made, trial=True)
    assert [uow.left(US, each) for each in made] == [ALL] * len(made)
    assert await outcomes(uow, *made) == shown
    for document, code, (issued, is_held, is_open) in zip(made, shown, written, strict=True):
        goes = issued is not None and issued.year + 8 < 2026 and not is_held and not is_open
        assert (code is None, document.purged) == (goes, goes)
        assert uow.left(US, document) == (0 if goes else ALL)
