"""E-invoices under the official rules: `Validator.validate(xml, format)` gives `Findings`."""

from invx.contexts.invoicing.adapters.einvoice.validation.facts import EInvoiceValidation
from invx.contexts.invoicing.adapters.einvoice.validation.findings import (
    Finding,
    Findings,
    Resource,
    Severity,
)
from invx.contexts.invoicing.adapters.einvoice.validation.installed import (
    SheetRefused,
    rules_folder,
)
from invx.contexts.invoicing.adapters.einvoice.validation.sheets import (
    FormatUnknown,
    SheetsUnusable,
)
from invx.contexts.invoicing.adapters.einvoice.validation.validator import Validator

__all__ = [
    "EInvoiceValidation",
    "Finding",
    "Findings",
    "FormatUnknown",
    "Resource",
    "Severity",
    "SheetRefused",
    "SheetsUnusable",
    "Validator",
    "rules_folder",
]
