"""Strangers' PDFs in worker processes: whatever happens to those, the caller is told in words."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.opening import LIMITS, HybridOpening
from invx.infra.processes import WorkersStopped
from tests.unit.invoicing.einvoice.hybrid.files import carrying, invented

HERE = __name__
PDF = carrying(("factur-x.xml", invented()))


def hang(_: bytes) -> None:
    while True:
        time.sleep(1)


def grow(_: bytes) -> None:
    held = []
    while True:
        held.append(bytearray(20_000_000))
        time.sleep(0.02)


def crash(_: bytes) -> None:
    raise SystemExit(1)


def fail(_: bytes) -> None:
    raise ValueError("a defect of ours")


@pytest.fixture
def opening() -> Iterator[HybridOpening]:
    made = HybridOpening()
    yield made
    made.close()


async def test_the_xml_comes_out_as_it_is_from_a_process_of_its_own(opening: HybridOpening) -> None:
    assert opening.pids == []
    found = await asyncio.gather(*(opening.xml_in(PDF) for _ in range(6)))
    assert set(found) == {invented()}
    assert 1 <= len(opening.pids) <= LIMITS.processes


async def test_a_refusal_is_told_and_costs_no_process(opening: HybridOpening) -> None:
    await opening.xml_in(PDF)
    before = opening.pids
    with pytest.raises(EInvoiceUnreadable, match="not a PDF"):
        await opening.xml_in(b"%PDF-1.7")
    assert await opening.xml_in(PDF) == invented()
    assert opening.pids == before


@pytest.mark.parametrize(
    "work, said",
    [("hang", "too much"), ("grow", "too much"), ("crash", "too much"), ("fail", "not a PDF")],
)
async def test_a_pdf_over_which_the_process_fails_is_unreadable(work: str, said: str) -> None:
    limits = replace(LIMITS, seconds=0.7 if work == "hang" else 10.0, rss_bytes_max=300_000_000)
    opening = HybridOpening(limits, f"{HERE}:{work}")
    began = time.monotonic()
    try:
        with pytest.raises(EInvoiceUnreadable, match=said):
            await opening.xml_in(PDF)
    finally:
        opening.close()
    assert time.monotonic() - began < 60


async def test_after_the_end_nothing_is_opened() -> None:
    opening = HybridOpening()
    opening.close()
    with pytest.raises(WorkersStopped):
        await opening.xml_in(PDF)
