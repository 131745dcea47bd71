"""How long the law keeps a document, whatever its buyer asks for (D4)."""

from datetime import date

from invx.contexts.invoicing.domain.document import Document, Status

# The longest that an EU member asks for invoices about movables (ten years from the year's end;
# Germany: § 14b UStG, eight since 2025). Country packs will say it by country.
RETENTION_YEARS = 10


def retained_until(document: Document) -> date | None:
    """The last day on which the law keeps a document: None for what was never issued."""
    if document.status in (Status.DRAFT, Status.DELETED) or document.issue_date is None:
        return None
    return date(document.issue_date.year + RETENTION_YEARS, 12, 31)
