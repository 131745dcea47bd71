"""Channels that hang, are full or say nonsense: no answer, never a wrong one, no half file."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.transmission import channels as of_channels
from invx.contexts.invoicing.adapters.transmission.access_point import AccessPoint
from invx.contexts.invoicing.adapters.transmission.answers import NotUnderstood, answer_in
from invx.contexts.invoicing.adapters.transmission.channels import ChannelFacts, ChannelUser, SetUp
from invx.contexts.invoicing.adapters.transmission.folder import Folder, receipt_of
from invx.contexts.invoicing.adapters.transmission.practice_authority import (
    RECEIPTS_MAX,
    Behaviour,
    PracticeAuthority,
)
from invx.contexts.invoicing.domain.delivery.delivery_errors import ChannelUnknown
from invx.contexts.invoicing.domain.delivery.transmission import (
    Answer,
    Channel,
    Parcel,
    Reason,
    Verdict,
    key_of,
)
from tests.unit.invoicing.domain.drafts import DOCUMENT, named
from tests.unit.invoicing.transmission.parcels import parcel

WHY = Reason(code="1", text="no")


class Answering:
    """A channel that does what it is told."""

    def __init__(self, answer: Answer, seconds: float = 0) -> None:
        self.answer, self.seconds = answer, seconds
        self.finished = 0

    async def send(self, parcel: Parcel) -> Answer:
        await asyncio.sleep(self.seconds)
        self.finished += 1
        return self.answer

    async def ask(self, receipt: str) -> Answer:
        await asyncio.sleep(self.seconds)
        return replace(self.answer, receipt=receipt)


def codes(answer: Answer) -> list[str | None]:
    return [each.code for each in answer.reasons]


async def test_a_channel_that_hangs_holds_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_channels.limits, "TRANSMISSION_SECONDS_MAX", 0.5)
    slow = Answering(Answer(verdict=Verdict.DELIVERED), seconds=30)
    quick = Answering(Answer(verdict=Verdict.SENT))
    channels = {
        "slow": SetUp(Channel(name="slow"), slow),
        "quick": SetUp(Channel(name="quick"), quick),
    }
    facts = ChannelFacts(channels)
    asked = [
        facts.send("slow", parcel(), 0),
        facts.send("quick", parcel(), 0),
        facts.ask("slow", "r-1", 0),
        facts.ask("quick", "r-2", 0),
    ]
    answered = await ChannelUser(channels).obtain(asked)
    assert [each.fact for each in answered] == asked, "each answer belongs to its question"
    assert [str(each.value.verdict) for each in answered] == [
        "unreachable",
        "sent",
        "unreachable",
        "sent",
    ]
    assert codes(answered[0].value) == ["timeout"]
    assert answered[3].value.receipt == "r-2"
    assert (slow.finished, quick.finished) == (0, 1)


async def test_what_is_kept_as_evidence_names_nobody() -> None:
    secret = Answer(verdict=Verdict.REJECTED, reasons=(Reason(text="Giulia is unknown"),))
    channels = {"portal": SetUp(Channel(name="portal"), Answering(secret))}
    [answered] = await ChannelUser(channels).obtain(
        [ChannelFacts(channels).send("portal", parcel(), 0)]
    )
    assert (answered.evidence, answered.source) == ({"verdict": "rejected"}, "portal")


def test_each_try_is_another_fact_about_the_same_key() -> None:
    facts = ChannelFacts({})
    tries = [facts.send("mail", parcel(), attempt) for attempt in range(3)]
    assert len({each.fingerprint for each in tries}) == 3
    assert len({each.key for each in tries}) == 1
    other = facts.send("mail", parcel(content=b"other"), 0)
    assert other.fingerprint not in {each.fingerprint for each in tries}
    questions = [facts.ask("mail", "r", asked) for asked in range(3)]
    assert len({(each.key, each.fingerprint) for each in questions}) == 3


@pytest.mark.parametrize(
    ("there", "said"),
    [({}, "none"), ({"b": None, "a": None}, "a, b")],
)
def test_a_channel_that_is_not_set_up_is_refused_naming_those_that_are(
    there: dict[str, Any], said: str
) -> None:
    with pytest.raises(ChannelUnknown, match=f"those that are set up: {said}") as refused:
        ChannelFacts(there).channel("pigeon")
    assert [each.pointer for each in refused.value.problems] == ["/channel"]


def test_keys_differ_by_document_revision_and_channel_and_by_nothing_else() -> None:
    places = [
        (document, revision, channel)
        for document in (DOCUMENT, named("another"))
        for revision in (1, 2, 12)
        for channel in ("portal", "2:portal", "mail")
    ]
    keys = [key_of(*place) for place in places]
    assert len(set(keys)) == len(places)
    assert keys == [key_of(*place) for place in places]


# Folders.


@pytest.mark.parametrize(
    "number",
    ["../../../etc/cron.d/x", "/abs", "a/../b", "..", "\n", "CON", "Ä" * 300, "", "a\u202eb"],
)
async def test_no_number_leads_out_of_the_folder(tmp_path: Path, number: str) -> None:
    root = tmp_path / "inside"
    sent = await Folder(root).send(parcel(number=number))
    assert sent.verdict is Verdict.SENT
    [file] = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert file.parent == root / "outgoing" / str(named("tenant"))
    assert len(file.name) < 140
    assert not file.name.startswith(".")


async def test_two_documents_of_one_number_are_two_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    one = parcel(key=key_of(named("one"), 1, "folder"))
    other = parcel(key=key_of(named("other"), 1, "folder"))
    assert receipt_of(one) != receipt_of(other)
    for each in (one, other, one):
        await folder.send(each)
    assert len(list(tmp_path.rglob("*.xml"))) == 2


@pytest.mark.parametrize(
    ("media_type", "ending"),
    [("application/xml", "xml"), ("application/pdf", "pdf"), ("text/plain", "bin")],
)
async def test_a_file_has_the_ending_of_what_it_holds(
    tmp_path: Path, media_type: str, ending: str
) -> None:
    await Folder(tmp_path).send(parcel(media_type=media_type))
    [file] = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert file.suffix == f".{ending}"


async def test_a_full_disk_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        answer = await folder.send(parcel())
    assert (answer.verdict, codes(answer)) == (Verdict.UNREACHABLE, ["folder"])
    assert answer.reasons[0].text == "The folder cannot be written: No space left on device."
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
    assert (await folder.send(parcel())).verdict is Verdict.SENT


async def test_an_answer_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path, answers=True)
    sent = await folder.send(parcel())
    place = tmp_path / "answers" / f"{sent.receipt}.json"
    place.mkdir(parents=True)  # somebody made a folder of it
    assert codes(await folder.ask(str(sent.receipt))) == ["folder"]
    again = await folder.send(parcel())
    assert (again.verdict, again.receipt, again.more) == (Verdict.SENT, sent.receipt, True)
    place.rmdir()
    place.write_text('{"status": "delivered", "more": true, "receipt": "another"}')
    told = await folder.ask(str(sent.receipt))
    assert (told.verdict, told.more, told.receipt) == (Verdict.DELIVERED, True, sent.receipt)
    quiet = await Folder(tmp_path).ask(str(sent.receipt))
    assert not quiet.more, "nobody answers behind this folder, so nobody is asked again"


# Access points.


def point(answer: httpx.Response | Exception) -> AccessPoint:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer s3cret"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return AccessPoint("http://point.test", "s3cret", httpx.MockTransport(handle))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (httpx.ReadTimeout("slow"), "No answer (ReadTimeout)."),
        (httpx.ConnectError("http://user:pw@point.test refused"), "No answer (ConnectError)."),
        (httpx.RemoteProtocolError("x"), "No answer (RemoteProtocolError)."),
    ],
)
async def test_a_way_that_breaks_is_told_without_its_address(fault: Exception, said: str) -> None:
    for answer in (await point(fault).send(parcel()), await point(fault).ask("r")):
        assert (answer.verdict, codes(answer)) == (Verdict.UNREACHABLE, ["no_answer"])
        assert answer.reasons[0].text == said


STATUSES = [
    # status, of a POST, of a GET
    (200, "sent", "sent"),
    (202, "sent", "sent"),
    (204, "unreachable", "unreachable"),  # nothing is said
    (301, "unreachable", "unreachable"),
    (400, "rejected", "unreachable"),
    (401, "unreachable", "unreachable"),
    (403, "unreachable", "unreachable"),
    (404, "unreachable", "unreachable"),
    (409, "rejected", "unreachable"),
    (413, "rejected", "unreachable"),
    (415, "rejected", "unreachable"),
    (422, "rejected", "unreachable"),
    (429, "unreachable", "unreachable"),
    (500, "unreachable", "unreachable"),
    (503, "unreachable", "unreachable"),
]


@pytest.mark.parametrize(("status", "sent", "asked"), STATUSES)
async def test_a_status_says_something_of_the_document_or_of_the_way(
    status: int, sent: str, asked: str
) -> None:
    body = b"" if status == 204 else b'{"status": "sent"}'
    means = point(httpx.Response(status, content=body))
    assert str((await means.send(parcel())).verdict) == sent
    assert str((await means.ask("r")).verdict) == asked


# Answers.

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
_fields = st.sampled_from(["status", "more", "receipt", "authority_id", "reasons", "other"])
_words = st.sampled_from([*Verdict, "lost"])


@settings(max_examples=200)
@given(st.dictionaries(_fields, _values | _words, max_size=6))
def test_anything_that_comes_back_is_an_answer_or_not_understood(said: dict[str, Any]) -> None:
    try:
        found = answer_in(json.dumps(said).encode())
    except NotUnderstood:
        return
    assert str(found.verdict) == said["status"] != "unreachable"
    assert found.more is said.get("more", False)
    assert (found.authority_id, found.receipt) == (said.get("authority_id"), said.get("receipt"))
    assert found.verdict is not Verdict.CLEARED or found.authority_id


@given(st.binary(max_size=60))
def test_bytes_that_are_no_json_are_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        answer_in(b"\x00" + body)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"reasons":' * 5_000])
def test_a_bottomless_answer_is_not_understood(deep: str) -> None:
    with pytest.raises(NotUnderstood):
        answer_in(deep.encode())


# The authority to practise with.


async def test_the_authority_decides_what_waits_once_and_only_of_that_number() -> None:
    authority = PracticeAuthority()
    for number in ("1", "2"):
        authority.script(number, Behaviour(never=True, rejects=(WHY,) if number == "2" else ()))
        sent = await authority.send(parcel(number=number, key=number))
        assert (sent.verdict, sent.more) == (Verdict.SENT, True)
    authority.decide("2")
    assert (await authority.ask("1")).verdict is Verdict.SENT
    refused = await authority.ask("2")
    assert (refused.verdict, refused.reasons) == (Verdict.REJECTED, (WHY,))
    authority.decide("1")
    cleared = await authority.ask("1")
    authority.decide("1")
    assert await authority.ask("1") == cleared
    assert (cleared.authority_id or "").startswith("PA-")


async def test_the_authority_forgets_the_oldest_and_stays_small() -> None:
    authority = PracticeAuthority()
    for number in range(RECEIPTS_MAX + 2):
        await authority.send(parcel(key=str(number)))
    assert len(authority.cases) == RECEIPTS_MAX
    assert "1" not in authority.cases
    assert codes(await authority.ask("0")) == ["receipt_unknown"]
    assert (await authority.ask(str(RECEIPTS_MAX + 1))).verdict is Verdict.DELIVERED
