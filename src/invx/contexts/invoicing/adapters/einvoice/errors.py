"""Why an e-invoice could not be read or written: the caller's to mend, never a server error."""

from invx.kernel.errors import Invalid


class EInvoiceUnreadable(Invalid):
    """The file is not an e-invoice that can be read; the detail says what is wrong and where.

    `path` is the element at fault (`/Invoice/cac:InvoiceLine[2]/cbc:ID`), `line` its line in the
    file; both are None when the file as a whole is wrong.
    """

    code = "e_invoice_unreadable"

    def __init__(self, reason: str, *, path: str | None = None, line: int | None = None) -> None:
        places = (f"line {line}" if line else "", path or "")
        place = ", ".join(part for part in places if part)
        super().__init__(f"{place}: {reason}" if place else reason)
        self.path = path
        self.line = line


class EInvoiceUnwritable(Invalid):
    """The invoice holds a value that no e-invoice can carry exactly; the detail names it."""

    code = "e_invoice_unwritable"
