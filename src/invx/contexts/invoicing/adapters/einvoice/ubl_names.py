"""The words of UBL 2.1 that its writer and its reader share."""

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
INVOICE_NAMESPACE = f"{_SCHEMA}Invoice-2"
CREDIT_NOTE_NAMESPACE = f"{_SCHEMA}CreditNote-2"
INVOICE = f"{{{INVOICE_NAMESPACE}}}Invoice"
CREDIT_NOTE = f"{{{CREDIT_NOTE_NAMESPACE}}}CreditNote"
NAMES = {
    "cac": f"{_SCHEMA}CommonAggregateComponents-2",
    "cbc": f"{_SCHEMA}CommonBasicComponents-2",
}

VAT = "VAT"
OBJECT_TYPE = "130"  # UNTDID 1001 of a reference that is the invoiced object (BT-18, BT-128)
PROJECT_TYPE = "50"  # and of one that is the project (BT-11), where there is no ProjectReference
SEPA = "SEPA"  # the scheme under which a party's identifier is the creditor's (BT-90)
DIRECT_DEBITS = ("49", "59")  # UNTDID 4461
UNDEFINED_MEANS = "1"  # UNTDID 4461; carries the due date of a credit note that names no means

# What stands where the schema demands a value that EN 16931 does not know.
NO_ORDER = "NA"  # the order of a sales order (BT-14) without a purchase order (BT-13)
NO_NETWORK = "mapped-from-cii"  # the network of a card (BG-18), in the words of the CEN


def tax_number_scheme(country: str | None) -> str:
    """The tax scheme of BT-32: any word but VAT. Norwegian rules look for TAX (NO-R-002)."""
    return "TAX" if country == "NO" else "FC"
