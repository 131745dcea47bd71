"""How an invoice is paid (BG-16), out of UBL, where each account has a PaymentMeans of its own."""

from dataclasses import replace

from invx.contexts.invoicing.adapters.einvoice.model import (
    Card,
    CreditTransfer,
    DirectDebit,
    Payment,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import (
    DIRECT_DEBITS,
    NO_NETWORK,
    SEPA,
    UNDEFINED_MEANS,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node

_DUE = "cbc:PaymentDueDate"


def read_creditor(root: Node) -> Node | None:
    """The identifier of who collects a direct debit (BT-90): the payee's, else the seller's.

    Without a direct debit it is an identifier like the others.
    """
    if not any(_is_debit(one) for one in root.all("cac:PaymentMeans")):
        return None
    for party in ("cac:PayeeParty", "cac:AccountingSupplierParty/cac:Party"):
        found = root.first(f"{party}/cac:PartyIdentification/cbc:ID[@schemeID='{SEPA}']")
        if found and found.peek():
            return found
    return None


def read_payments(root: Node, creditor: Node | None, *, credit: bool) -> tuple[Payment, ...]:
    """All means in order; those that differ in the account only are one with several.

    Means "not defined" that only carry the due date of a credit note are none.
    """
    payments: list[Payment] = []
    for means in root.all("cac:PaymentMeans"):
        payment = _read(means, creditor)
        if payment.debit and payment.debit.creditor:
            creditor = None
        if credit and means.peek(_DUE) and payment == Payment(code=UNDEFINED_MEANS):
            continue
        last = payments[-1] if payments else None
        if last and last.transfers and payment in _further(last, payment):
            payments[-1] = replace(last, transfers=last.transfers + payment.transfers)
        else:
            payments.append(payment)
    return tuple(payments)


def _further(payment: Payment, after: Payment) -> tuple[Payment, Payment]:
    """Means as they follow after `payment` with other accounts: with its text again, or without."""
    transfers = after.transfers or payment.transfers
    again = replace(payment, transfers=transfers, card=None, debit=None)
    return again, replace(again, text=None)


def _is_debit(means: Node) -> bool:
    code = means.peek("cbc:PaymentMeansCode")
    return code in DIRECT_DEBITS or means.first("cac:PaymentMandate") is not None


def _read(means: Node, creditor: Node | None) -> Payment:
    code = means.required("cbc:PaymentMeansCode", "BT-81")
    stated = means.first("cbc:PaymentMeansCode")
    return Payment(
        code=code,
        text=stated.attribute("name") if stated else None,
        remittance=means.text("cbc:PaymentID"),
        transfers=tuple(_transfer(one) for one in means.all("cac:PayeeFinancialAccount")),
        card=_card(means.first("cac:CardAccount")),
        debit=_debit(means, creditor) if _is_debit(means) else None,
    )


def _transfer(node: Node) -> CreditTransfer:
    return CreditTransfer(
        account=node.required("cbc:ID", "BT-84"),
        name=node.text("cbc:Name"),
        bic=node.text("cac:FinancialInstitutionBranch/cbc:ID"),
    )


def _card(node: Node | None) -> Card | None:
    if node is None:
        return None
    node.expect("cbc:NetworkID", NO_NETWORK)
    return Card(
        number=node.required("cbc:PrimaryAccountNumberID", "BT-87"),
        holder=node.text("cbc:HolderName"),
    )


def _debit(means: Node, creditor: Node | None) -> DirectDebit | None:
    if creditor:
        creditor.attribute("schemeID")
    debit = DirectDebit(
        mandate=means.text("cac:PaymentMandate/cbc:ID"),
        creditor=creditor.text() if creditor else None,
        account=means.text("cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID"),
    )
    return debit if debit != DirectDebit() else None
