"""Words that go out: open lists, in which clients must bear words that they do not know yet."""

from typing import Annotated, Any

from pydantic import Field


def _words(*known: str) -> Any:
    return Annotated[
        str, Field(json_schema_extra={"x-extensible-enum": list(known)}, examples=[known[0]])
    ]


AccountPurpose = _words(
    "revenue",
    "tax",
    "discount",
    "write_off",
    "bank",
    "clearing",
    "prepayment",
    "withholding",
    "rounding",
    "exchange_gain",
    "exchange_loss",
    "deferral",
)
ApprovalStatus = _words("none", "pending", "approved", "rejected", "withdrawn", "lapsed")
ApprovalStepStatus = _words("waiting", "open", "approved", "rejected", "skipped")
BookingKind = _words(
    "revenue",
    "payment",
    "refund",
    "discount",
    "write_off",
    "withholding",
    "exchange",
    "recognition",
    "rounding",
    "allocation",
)
ClearanceRule = _words("none", "before_release", "after_issue")
ClearanceStatus = _words("not_required", "pending", "cleared", "rejected")
DeliveryStatus = _words("none", "queued", "sent", "delivered", "failed", "viewed")
DocumentStatus = _words("draft", "finalized", "cancelled", "replaced")
DocumentType = _words("invoice", "credit_note", "proforma")
EInvoiceFormat = _words(
    "ubl",
    "cii",
    "xrechnung_ubl",
    "xrechnung_cii",
    "peppol",
    "facturx_en16931",
    "facturx_extended",
    "facturx_basic",
    "facturx_basic_wl",
    "facturx_minimum",
)
EInvoiceRequirement = _words(
    "buyer_reference",
    "leitweg_id",
    "purchase_order",
    "contract",
    "project",
    "endpoint",
    "siren",
    "siret",
)
EInvoiceSyntax = _words("ubl", "cii")
EntryKind = _words(
    "payment", "credit", "write_off", "withholding", "discount", "refund", "rounding"
)
ExportFormat = _words("datev", "csv", "jsonl")
ExportStatus = _words("ready", "handed_over", "cancelled")
FindingResource = _words("invoice", "legal_entity")
HistorySubject = _words("invoice", "settlement", "delivery", "approval")
LineKind = _words("item", "text", "heading", "subtotal")
Mode = _words("live", "test")
PartyKind = _words("business", "consumer")
OfficialRules = _words("on_request", "before_finalize")
Profile = _words("en16931", "plain")
RecognitionKind = _words("deferred", "recognized", "credited", "reversed")
RecognitionMethod = _words("on_issue", "straight_line", "milestone")
RateKind = _words("daily", "monthly")
Regime = _words("vat", "sales", "levy", "withholding")
SeriesHold = _words("by_hand", "restored")
Reset = _words("none", "yearly", "monthly")
ReturnPeriod = _words("month", "quarter", "year")
Rounding = _words("per_group", "per_line")
SettlementStatus = _words("open", "partial", "settled", "overpaid", "written_off", "void")
RouteSource = _words("buyer", "legal_entity")
Severity = _words("fatal", "warning", "information")
TaxBasis = _words("accrual", "cash")
TaxCause = _words(
    "issued",
    "advance_received",
    "cash_received",
    "discount_taken",
    "credited",
    "written_off",
    "corrected",
    "voided",
)
TransmissionStatus = _words(
    "queued", "sent", "cleared", "delivered", "viewed", "rejected", "failed"
)
TaxReason = _words("no_box", "left_out", "no_scheme", "provisional", "currency", "no_form")
TaxSupply = _words("goods", "services", "located", "triangular")
TermsKind = _words("net", "on_receipt", "end_of_month", "instalments")
