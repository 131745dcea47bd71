"""Memory stays bounded: over a batch, and over long documents one after another."""

import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf

from bench.hybrid import LINES, e_invoice, hybrid_batch, invoice_resource
from invx.contexts.invoicing.adapters.einvoice import cii_read, cii_write
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from tests.unit.invoicing.pdf import samples

ROOT = Path(__file__).parents[5]

# Six invoices of 600 lines; without forgetting each adds what its lines cost, about 65 MB.
LONG = """
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.infra.process_worker import rss_bytes
from tests.unit.invoicing.pdf import samples
renderer, held = TypstRenderer(), []
for number in range(6):
    resource = samples.long_table(600) | {"number": f"2026-{number}"}
    for each in resource["lines"]:
        each["description"] += f" {number}"
    renderer.render(resource, mark=None)
    held.append(rss_bytes() / 1e6)
print(max(held) - held[0])
"""


def test_a_short_batch_stays_below_its_bound():
    """The bench makes a thousand; it ends where twenty do, give or take some megabytes."""
    batch = hybrid_batch(20)
    assert batch.peak_mb < 500
    assert len(batch.tenths_mb) == 10
    assert batch.tenths_mb[-1] < batch.tenths_mb[1] + 60


def test_the_invoices_of_the_batch_are_e_invoices_that_say_what_their_pdf_says():
    said = cii_read.read(cii_write.write(e_invoice(7)))
    shown = invoice_resource(7)
    assert said.number == shown["number"]
    assert str(said.totals.payable) == shown["totals"]["due"]
    assert [str(line.net) for line in said.lines] == [line["net"] for line in shown["lines"]]
    assert len(said.lines) == LINES


def test_long_documents_do_not_add_up():
    made = subprocess.run(
        [sys.executable, "-c", LONG], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(made.stdout) < 100


def test_a_short_document_does_not_wait_for_a_long_one():
    renderer, begun = TypstRenderer(), threading.Event()
    long, short = samples.long_table(800), samples.hosted()
    ends = []

    def draw(resource, name):
        begun.set()
        renderer.render(resource, mark=None)
        ends.append(name)

    renderer.render(short, mark=None)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(draw, long, "long")
        begun.wait(10)
        pool.submit(draw, samples.german(), "short")
    assert ends == ["short", "long"]


def test_forgetting_changes_no_byte_and_two_long_ones_at_once_are_each_whole():
    renderer = TypstRenderer()
    resources = [samples.long_table(count) for count in (200, 260)]
    alone = [renderer.render(each, mark=None) for each in resources]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda each: renderer.render(each, mark=None), resources)) == alone
    opened = [pikepdf.open(io.BytesIO(each)) for each in alone]
    assert [len(each.pages) > 5 for each in opened] == [True, True]
