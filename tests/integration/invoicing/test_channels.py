"""Channels against what really stands behind them: a server on a port, a folder on a disk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.transmission.access_point import AccessPoint
from invx.contexts.invoicing.adapters.transmission.answers import ANSWER_BYTES_MAX
from invx.contexts.invoicing.adapters.transmission.channels import ChannelFacts, ChannelUser, SetUp
from invx.contexts.invoicing.adapters.transmission.folder import Folder, receipt_of
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Channel, Reason, Verdict
from tests.integration.invoicing.access_point_server import TOKEN, FarSide, access_point
from tests.unit.invoicing.domain.drafts import named
from tests.unit.invoicing.transmission.parcels import parcel

WHY = {"status": "rejected", "reasons": [{"code": "R008", "text": "no such participant"}]}


@pytest.fixture
def far() -> Iterator[FarSide]:
    with access_point() as running:
        yield running


def codes(answer: Answer) -> list[str | None]:
    assert answer.verdict is Verdict.UNREACHABLE
    return [each.code for each in answer.reasons]


async def test_an_access_point_is_handed_the_bytes_and_asked_for_the_rest(far: FarSide) -> None:
    means = AccessPoint(far.url, TOKEN)
    sent = parcel(recipient="0204:04011000-1")
    far.says.append((202, {"status": "sent", "more": True}))
    answer = await means.send(sent)
    receipt = f"r/{sent.key}"
    assert answer == Answer(verdict=Verdict.SENT, more=True, receipt=receipt)
    kept = far.kept[sent.key]
    assert (kept["content"], kept["recipient"], kept["format"]) == (
        b"<Invoice/>",
        "0204:04011000-1",
        "ubl",
    )
    far.standing = {"status": "cleared", "authority_id": "SDI-7", "more": False}
    answer = await means.ask(receipt)
    assert (answer.verdict, answer.authority_id) == (Verdict.CLEARED, "SDI-7")
    assert far.asked == [f"/v1/transmissions/r%2F{sent.key}"]


@pytest.mark.parametrize(
    ("status", "said", "reasons"),
    [
        (422, WHY, (Reason(code="R008", text="no such participant"),)),
        (
            400,
            b"<html>",
            (Reason(code="http_400", text="The access point refused it with 400."),),
        ),
    ],
)
async def test_what_it_refuses_is_rejected(
    far: FarSide, status: int, said: Any, reasons: tuple[Reason, ...]
) -> None:
    far.says.append((status, said))
    answer = await AccessPoint(far.url, TOKEN).send(parcel())
    assert (answer.verdict, answer.reasons) == (Verdict.REJECTED, reasons)


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (500, {}, "http_500"),
        (429, {}, "http_429"),
        (307, {}, "http_307"),  # nothing is sent to where an answer points
        (200, b"thank you", "not_understood"),
        (200, {"status": "unreachable"}, "not_understood"),
        (200, b"x" * (ANSWER_BYTES_MAX + 1), "not_understood"),
    ],
)
async def test_what_says_nothing_of_the_document_is_no_answer(
    far: FarSide, status: int, said: Any, code: str
) -> None:
    far.says.append((status, said))
    assert codes(await AccessPoint(far.url, TOKEN).send(parcel())) == [code]


async def test_a_wrong_token_and_a_closed_port_are_no_answers(far: FarSide) -> None:
    answer = await AccessPoint(far.url, "guessed").send(parcel())
    assert codes(answer) == ["http_401"]
    assert not far.kept
    assert "guessed" not in repr(AccessPoint(far.url, "guessed"))
    assert codes(await AccessPoint("http://127.0.0.1:9", TOKEN).send(parcel())) == ["no_answer"]


async def test_a_folder_holds_each_file_once_and_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    first = await folder.send(parcel())
    assert first == Answer(verdict=Verdict.SENT, receipt=receipt_of(parcel()))
    [file] = (tmp_path / "outgoing" / str(named("tenant"))).iterdir()
    assert file.read_bytes() == b"<Invoice/>"
    assert file.name.startswith("2026-0001-1-")
    written = file.stat().st_mtime_ns
    assert await folder.send(parcel()) == first
    assert file.stat().st_mtime_ns == written
    await folder.send(parcel(revision=2, key="another"))
    await folder.send(parcel(tenant_id=named("neighbour")))
    assert len([each for each in tmp_path.rglob("*") if each.is_file()]) == 3


async def test_what_was_taken_from_a_folder_does_not_come_back(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    await folder.send(parcel())
    [file] = (tmp_path / "outgoing").rglob("*.xml")
    taken = tmp_path / "taken" / file.parent.name
    taken.mkdir(parents=True)
    file.rename(taken / file.name)
    await folder.send(parcel())  # after a crash that forgot the first time
    assert not list((tmp_path / "outgoing").rglob("*.xml"))


async def test_answers_lie_in_the_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path, answers=True)
    sent = await folder.send(parcel())
    assert (sent.verdict, sent.more) == (Verdict.SENT, True)
    assert sent.receipt is not None
    answer = tmp_path / "answers" / f"{sent.receipt}.json"
    answer.parent.mkdir(parents=True)
    answer.write_text('{"status":')  # while somebody writes it
    assert codes(await folder.ask(sent.receipt)) == ["not_understood"]
    answer.write_text(json.dumps(WHY))
    told = await folder.ask(sent.receipt)
    assert (told.verdict, told.reasons[0].code) == (Verdict.REJECTED, "R008")
    assert await folder.send(parcel()) == told


async def test_a_folder_that_cannot_be_written_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    answer = await Folder(tmp_path / "file").send(parcel())
    assert codes(answer) == ["folder"]
    assert str(tmp_path) not in answer.reasons[0].text


async def test_a_channel_that_is_gone_is_unreachable_and_evidence_names_nobody(
    tmp_path: Path,
) -> None:
    channels = {"folder": SetUp(Channel(name="folder"), Folder(tmp_path))}
    facts = ChannelFacts(channels)
    wanted = [facts.send("folder", parcel(), 0), facts.ask("gone", "r", 3)]
    one, other = await ChannelUser(channels).obtain(wanted)
    assert (one.value.verdict, one.evidence) == (Verdict.SENT, {"verdict": "sent"})
    assert codes(other.value) == ["channel_gone"]
    assert facts.send("folder", parcel(), 1) != wanted[0]
