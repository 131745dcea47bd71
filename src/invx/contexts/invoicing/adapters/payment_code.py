"""The code on an invoice that a banking app turns into a SEPA transfer (EPC069-12, version 002).

A code is made only where a transfer is possible and meant: euro, an IBAN, an amount that the
scheme carries. Everything else has no code rather than a wrong one.
"""

import re
from decimal import Decimal

import segno

_AMOUNT_MIN = Decimal("0.01")
_AMOUNT_MAX = Decimal("999999999.99")
_NAME_CHARS_MAX = 70
_REMITTANCE_CHARS_MAX = 140
_BYTES_MAX = 331  # of the whole payload: what version 13 with correction level M holds
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


def payload(
    *, holder: str, iban: str, bic: str | None, amount: str, currency: str, remittance: str
) -> str | None:
    """The text of the code, or None where a SEPA credit transfer cannot carry this.

    `amount` is the exact figure of the document. A BIC is optional in version 002, so a malformed
    one is left out. Text beyond the scheme's length is cut: name 70, remittance 140 characters.
    """
    account = re.sub(r"\s", "", iban).upper()
    if currency != "EUR" or not _is_iban(account) or not holder.strip():
        return None
    value = Decimal(amount)
    if not _AMOUNT_MIN <= value <= _AMOUNT_MAX or value != round(value, 2):
        return None
    bank = re.sub(r"\s", "", bic or "").upper()
    text = "\n".join(
        [
            "BCD",
            "002",
            "1",  # UTF-8
            "SCT",
            bank if _BIC.fullmatch(bank) else "",
            _one_line(holder)[:_NAME_CHARS_MAX],
            account,
            f"EUR{value:.2f}",
            "",  # purpose
            "",  # structured reference
            _one_line(remittance)[:_REMITTANCE_CHARS_MAX],
        ]
    ).rstrip("\n")
    return text if len(text.encode()) <= _BYTES_MAX else None


def svg(text: str) -> str:
    """The code of a payload as SVG, correction level M as the scheme demands, no quiet zone."""
    code = segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", eci=False)
    return code.svg_inline(border=0, omitsize=True)


def _is_iban(account: str) -> bool:
    """Length and check digits by ISO 13616: the rearranged number is 1 modulo 97."""
    if not _IBAN.fullmatch(account):
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


def _one_line(text: str) -> str:
    return " ".join(text.split())
