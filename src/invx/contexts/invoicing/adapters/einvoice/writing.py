"""E-invoices as facts: written in threads, outside any transaction (E2)."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.einvoice import cii_write, ubl_write
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.of_document import e_invoice_of
from invx.contexts.invoicing.adapters.einvoice.profiles import REDUCED
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS, Format, Syntax
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from invx.infra.facts import Answered
from invx.kernel.ports import Fact

PORT = "einvoice_writer"


def write(invoice: EInvoice, format: Format) -> bytes:
    """The XML; the same invoice always gives the same bytes."""
    if format.syntax is Syntax.UBL:
        return ubl_write.write(invoice)
    reduce = REDUCED.get(format.code)
    return cii_write.write(reduce(invoice) if reduce else invoice)


# Names the fact about what the official rules say; see `app.ports.EInvoices.judged`.
Judging: TypeAlias = Callable[[UUID, Issued, str], Fact]


class EInvoiceWriting:
    """Names the facts; see `app.ports.EInvoices`."""

    def __init__(self, judged: Judging) -> None:
        self.judged = judged

    def xml(self, document: Document, format: str, files: Mapping[str, bytes] | None) -> Fact:
        """The fact whose answer is the XML of a finalized document, as bytes."""
        wanted = FORMATS[format]
        invoice = e_invoice_of(document, wanted, files)
        asked = msgspec.json.encode((format, invoice), order="sorted")
        fingerprint = hashlib.sha256(asked).hexdigest()
        return Fact(PORT, f"{document.id}:{format}", fingerprint, (invoice, wanted))

    def profile(self, format: str) -> str | None:
        """The Factur-X profile of a format that is carried in a PDF."""
        return FORMATS[format].profile


class EInvoiceWriter:
    """Provides the facts."""

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One XML per fact; what is kept as evidence is its hash."""
        found = []
        for fact in facts:
            xml = await asyncio.to_thread(write, *fact.question)
            evidence = {"sha256": hashlib.sha256(xml).hexdigest()}
            found.append(Answered(fact, xml, "invx", evidence))
        return found
