"""The rules of e-invoices: each file is the one that its checksum names."""

from collections.abc import Iterator
from pathlib import Path

from invx.cli.findings.finding import Finding, fail, ok
from invx.contexts.invoicing.adapters.einvoice.validation import installed, sheets
from invx.kernel.errors import DomainError

_AGAIN = "Remove .venv and run make again; what you installed yourself, install again."


def rules(home: Path) -> Iterator[Finding]:
    """What is here, of which version, and what is not."""
    folder = installed.rules_folder(home)
    wrong, here, absent, own = [], [], [], []
    for name in sheets.NAMES:
        try:
            sheet = sheets.sheet(name, folder)
            if sheet is None:
                absent.append(name)
                continue
            sheets.verify(sheet)
        except DomainError as error:
            wrong.append(error.detail)
            continue
        here.append(name)
        if sheet.source == sheets.OWN:
            own.append(name)
    try:
        for schema in sheets.schemas():
            sheets.verify(schema)
    except DomainError as error:
        wrong.append(error.detail)
    if wrong:
        yield fail("rules", "; ".join(dict.fromkeys(wrong)), _AGAIN)
        return
    seen = f"{len(here)} sheets from {' and '.join(sheets.sources())}"
    seen += f"; installed here: {', '.join(own)}" if own else ""
    seen += f"; not installed: {', '.join(absent)}" if absent else ""
    yield ok("rules", seen)
