"""Erasures by their handlers, on twins of the ports: what goes, what stays, when they come back.

The twin of personal data is a set of (subject, stream): one value each, as rows are in the real
one. A seller in Germany keeps what was issued in 2026 to the end of 2034 (UStG § 14b).
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.app.erase import JOB, Erase, EraseAgain, erase, erase_again
from invx.contexts.invoicing.app.forget_files import JOB as FORGET
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.approval.approval import approval_id
from invx.contexts.invoicing.domain.content import Attachment
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Mode, Origin, PersonalDataErased
from invx.contexts.invoicing.domain.files.file import File
from invx.contexts.invoicing.domain.interest.late_claims import late_claims_id
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.storage import Stored
from tests.unit.invoicing.domain.drafts import (
    ENTITY,
    NOW,
    content,
    finalize,
    line,
    named,
    totalled,
)
from tests.unit.invoicing.domain.settlements import claim
from tests.unit.rules.tax.shipped import packs_with

TENANT = UUID(int=77)
US, THEM = (customer_subject(TENANT, name) for name in ("C-1", "C-2"))
PACKS = packs_with()
BESIDE = (settlement_id, delivery_id, approval_id, late_claims_id)
ALL = 1 + len(BESIDE)  # streams that speak of a document
THE_END = datetime(2035, 1, 1, tzinfo=UTC)


class MemoryRows:
    """Aggregates by id."""

    def __init__(self):
        self.held = {}

    def add(self, aggregate):
        self.held[aggregate.id] = aggregate

    async def find(self, id):
        return self.held.get(id)

    async def get(self, id):
        return self.held[id]

    async def find_all(self, ids):
        return {id: self.held[id] for id in ids if id in self.held}


class MemoryPersonalData:
    def __init__(self):
        self.values = set()  # (subject, stream)
        self.archives = set()  # documents of which a file is archived
        self.shut = 0

    async def shut_out_writers(self):
        self.shut += 1

    async def streams_of(self, subject_id):
        return sorted(stream for subject, stream in self.values if subject == subject_id)

    async def subjects_of(self, stream_ids):
        said = {}
        for subject, stream in self.values:
            if stream in set(stream_ids):
                said.setdefault(stream, set()).add(subject)
        return said

    async def erase(self, subject_ids, stream_ids, *, archives_of):
        gone = {each for each in self.values if each[0] in subject_ids and each[1] in stream_ids}
        self.values -= gone
        self.archives -= set(archives_of)
        return []


class MemoryAttached:
    def __init__(self):
        self.names = set()  # (document, file)

    async def release(self, document_id, *, but=()):
        self.names = {each for each in self.names if each[0] != document_id or each[1] in but}

    async def in_use(self, file_ids):
        return {file for _, file in self.names if file in file_ids}

    async def drop(self, file_ids):
        return [Stored(f"hash of {id}", 1, "memory") for id in file_ids]


class MemoryWork:
    def __init__(self, now=NOW):
        kinds = (
            "documents",
            "imported",
            "settlements",
            "deliveries",
            "approvals",
            "late_claims",
            "erasures",
            "files",
        )
        for kind in kinds:
            setattr(self, kind, MemoryRows())
        self.personal_data, self.attached, self.importing = (
            MemoryPersonalData(),
            MemoryAttached(),
            self,
        )
        self.ctx = SimpleNamespace(now=now, tenant_id=TENANT)
        self.packs = PACKS
        self.importing = self.ids = self.jobs = self
        self.planned, self.forgotten, self.count = {}, [], 0
        self.legal_holds, self.held = self, []  # (hold, scope, target)

    async def forget(self, subject_ids, *, but_of=()):
        self.forgotten += sorted(subject_ids)
        return []

    async def standing(self):
        return Holds.of(self.held)

    async def released_about(self, subject_ids):
        return []

    def new(self):
        self.count += 1
        return named(f"erasure {self.count}")

    def schedule(self, kind, key, *, due_at, payload=None):
        self.planned[kind, key] = due_at

    def write(self, name, subject=US, issued=None, files=(), others=()):
        """A document of a customer; a draft where it was not issued. What `others` are said of."""
        attachments = tuple(Attachment(id=str(file), file=file) for file in files)
        said = replace(content(line("1", "10")), attachments=attachments)
        origin = Origin(legal_entity_id=ENTITY, subject_id=subject, mode=Mode.LIVE, created_at=NOW)
        document = Document.draft(named(name), said, totalled(said), origin)
        if issued is not None:
            finalize(document, f"N-{name}", issue_date=issued, due_date=issued)
        document.recorded.clear()
        self.documents.add(document)
        for each in (subject, *others):
            for stream in (document.id, *(of(document.id) for of in BESIDE)):
                self.personal_data.values.add((each, stream))
        self.personal_data.archives.add(document.id)
        self.attached.names |= {(document.id, file) for file in files}
        return document

    def left(self, subject, document):
        """How many values there are of somebody in and beside a document."""
        streams = (document.id, *(of(document.id) for of in BESIDE))
        return sum((subject, stream) in self.personal_data.values for stream in streams)


EVERYWHERE = Erase(customer="C-1")
ISSUED, LONG_AGO = date(2026, 3, 2), date(2015, 6, 1)


async def test_a_customer_goes_everywhere_but_where_the_law_keeps_a_document():
    uow = MemoryWork()
    draft, old = uow.write("draft"), uow.write("old", issued=LONG_AGO)
    held, other = uow.write("held", issued=ISSUED), uow.write("other", THEM, issued=LONG_AGO)
    record = await erase(EVERYWHERE, uow)
    assert set(record.erased) == {draft.id, old.id}
    [kept] = record.kept
    assert (kept.document_id, kept.number, kept.until) == (held.id, "N-held", date(2034, 12, 31))
    assert [uow.left(US, each) for each in (draft, old, held)] == [0, 0, ALL]
    assert uow.left(THEM, other) == ALL
    assert uow.personal_data.archives == {held.id, other.id}
    assert uow.forgotten == [US], "what waits to be imported goes too"
    assert uow.personal_data.shut == 1
    assert uow.planned == {(JOB, str(record.id)): THE_END}


async def test_each_touched_document_tells_that_and_of_whom_but_not_what():
    uow = MemoryWork()
    old, held = uow.write("old", issued=LONG_AGO), uow.write("held", issued=ISSUED)
    await erase(EVERYWHERE, uow)
    assert old.recorded == [PersonalDataErased(subject_ids=(US,))]
    assert held.recorded == [], "nothing happened to it"


async def test_when_the_years_are_over_it_goes_and_nobody_comes_back():
    uow = MemoryWork()
    held = uow.write("held", issued=ISSUED)
    record = await erase(EVERYWHERE, uow)
    uow.planned.clear()
    uow.ctx.now = THE_END
    await erase_again(EraseAgain(record.id), uow)
    assert uow.left(US, held) == 0
    assert (record.erased, record.kept, record.next_on) == ((held.id,), (), None)
    assert uow.planned == {}


@pytest.mark.parametrize("now", [NOW, datetime(2034, 12, 31, 23, 59, 59, tzinfo=UTC)])
async def test_a_job_that_comes_too_early_does_nothing_at_all(now):
    uow = MemoryWork()
    held = uow.write("held", issued=ISSUED)
    record = await erase(EVERYWHERE, uow)
    uow.ctx.now, version = now, record.version
    await erase_again(EraseAgain(record.id), uow)
    assert (uow.left(US, held), record.version, uow.personal_data.shut) == (ALL, version, 1)


async def test_it_comes_back_once_for_each_year_in_which_something_becomes_free():
    uow = MemoryWork()
    years = {2019: 2028, 2021: 2030, 2026: 2035}
    for year in years:
        uow.write(str(year), issued=date(year, 5, 5))
    record = await erase(EVERYWHERE, uow)
    came = []
    while record.next_on is not None:
        uow.ctx.now = uow.planned[JOB, str(record.id)]
        came.append(uow.ctx.now.year)
        await erase_again(EraseAgain(record.id), uow)
    assert came == [2028, 2030, 2035]
    assert uow.personal_data.values == set()
    await erase_again(EraseAgain(record.id), uow)
    assert record.version == 4, "the first attempt and three more, no trace of the last"


async def test_what_a_kept_document_said_of_somebody_else_as_a_draft_goes_at_once():
    uow = MemoryWork()
    held = uow.write("held", THEM, issued=ISSUED, others=[US])
    record = await erase(EVERYWHERE, uow)
    assert (record.erased, record.kept, record.next_on) == ((), (), None)
    assert (uow.left(US, held), uow.left(THEM, held)) == (0, ALL)
    assert uow.personal_data.archives == {held.id}, "its file is of its own buyer"
    assert held.recorded == [PersonalDataErased(subject_ids=(US,))]


@pytest.mark.parametrize("beside", BESIDE)
async def test_a_document_is_found_by_what_its_settlement_delivery_or_approval_says(beside):
    uow = MemoryWork()
    document = uow.write("old", issued=LONG_AGO)
    uow.personal_data.values = {(US, beside(document.id))}
    at = SimpleNamespace(document_id=document.id)
    uow.late_claims.held[late_claims_id(document.id)] = at
    wanted = claim(document_id=document.id, legal_entity_id=ENTITY)
    uow.settlements.add(Settlement.open_for(wanted, subject_id=US))
    uow.deliveries.held[delivery_id(document.id)] = SimpleNamespace(document_id=document.id)
    uow.approvals.held[approval_id(document.id)] = SimpleNamespace(document_id=document.id)
    record = await erase(EVERYWHERE, uow)
    assert record.erased == (document.id,)
    assert uow.personal_data.values == set()


async def test_a_customer_of_whom_nothing_is_known_leaves_a_record_and_no_more():
    uow = MemoryWork()
    document = uow.write("other", THEM)
    record = await erase(EVERYWHERE, uow)
    assert (record.erased, record.kept, record.subject_ids) == ((), (), (US,))
    assert uow.left(THEM, document) == ALL


async def test_one_document_loses_its_buyer_and_the_buyer_no_other_document():
    uow = MemoryWork()
    one, two = uow.write("one"), uow.write("two")
    uow.personal_data.values.add((ENTITY, one.id))
    record = await erase(Erase(document_id=one.id), uow)
    assert (record.erased, record.document_id) == ((one.id,), one.id)
    assert (uow.left(US, one), uow.left(US, two)) == (0, ALL)
    assert uow.left(ENTITY, one) == 1, "the seller's own data is not the buyer's"


async def test_one_document_that_the_law_keeps_loses_only_what_it_said_of_others():
    uow = MemoryWork()
    held = uow.write("held", issued=ISSUED, others=[THEM])
    record = await erase(Erase(document_id=held.id), uow)
    assert (uow.left(US, held), uow.left(THEM, held)) == (ALL, 0)
    assert (record.erased, [each.document_id for each in record.kept]) == ((), [held.id])
    uow.ctx.now = THE_END
    await erase_again(EraseAgain(record.id), uow)
    assert uow.left(US, held) == 0
    assert record.erased == (held.id,)


async def test_a_draft_that_was_thrown_away_can_be_erased():
    uow = MemoryWork()
    draft = uow.write("draft")
    draft.delete()
    assert (await erase(Erase(document_id=draft.id), uow)).erased == (draft.id,)
    assert uow.left(US, draft) == 0


async def test_attached_files_go_with_their_last_document():
    uow = MemoryWork()
    alone, shared = named("file alone"), named("file shared")
    for id in (alone, shared):
        uow.files.add(File.add(id, name="a", media_type="b", sha256="c", size=1, now=NOW))
    uow.write("mine", files=[alone, shared])
    uow.write("theirs", THEM, files=[shared])
    await erase(EVERYWHERE, uow)
    assert [uow.files.held[id].deleted for id in (alone, shared)] == [True, False]
    assert [kind for kind, _ in uow.planned] == [FORGET], "its bytes go after the transaction"


async def test_files_of_a_document_that_is_kept_stay():
    uow = MemoryWork()
    file = named("file")
    uow.files.add(File.add(file, name="a", media_type="b", sha256="c", size=1, now=NOW))
    uow.write("held", issued=ISSUED, files=[file])
    await erase(EVERYWHERE, uow)
    assert not uow.files.held[file].deleted
    assert len(uow.attached.names) == 1


days = st.dates(date(2014, 1, 1), date(2026, 3, 2))
documents = st.lists(
    st.tuples(st.none() | days, st.sampled_from([US, THEM]), st.booleans()), max_size=8
)


@given(documents, st.integers(2026, 2040))
async def test_nothing_is_left_that_may_go_and_nothing_goes_that_must_stay(written, year):
    """Told in another way: by the year of issue alone, eight years in Germany."""
    uow = MemoryWork(datetime(year, 6, 1, tzinfo=UTC))
    made = []
    for number, (issued, subject, mixed) in enumerate(written):
        others = [THEM if subject == US else US] if mixed else []
        made.append((uow.write(str(number), subject, issued, others=others), issued, subject))
    record = await erase(EVERYWHERE, uow)
    must_stay = set()
    for document, issued, subject in made:
        kept = subject == US and issued is not None and issued.year + 8 >= year
        must_stay |= {document.id} if kept else set()
        assert uow.left(US, document) == (ALL if kept else 0)
    assert {each.document_id for each in record.kept} == must_stay
    theirs = {document.id for document, _, subject in made if subject == THEM}
    mixed = {made[at][0].id for at, each in enumerate(written) if each[2]}
    assert {id for subject, id in uow.personal_data.values if subject == THEM} >= theirs | mixed
    before = set(uow.personal_data.values)
    again = await erase(EVERYWHERE, uow)
    assert uow.personal_data.values == before, "a second time nothing more goes"
    assert again.kept == record.kept
