"""Bank accounts: when an IBAN (ISO 13616), a Swiss QR-IBAN or a BIC (ISO 9362) is well formed."""

import re
from collections.abc import Iterator
from dataclasses import replace

from invx.contexts.invoicing.domain.countries import COUNTRIES
from invx.contexts.invoicing.domain.party import BankAccount
from invx.kernel.errors import Problem
from invx.kernel.money import UnknownCurrency, exponent

# Lengths by country, from the IBAN registry.
_LENGTHS = {
    row[:2]: int(row[2:])
    for row in """AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24
    DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21
    HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22
    MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31
    SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30""".split()
}
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
_BIC = re.compile(r"[A-Z0-9]{4}(?P<country>[A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_KOSOVO = "XK"  # has IBANs and BICs, but no code in ISO 3166
_QR_COUNTRIES = {"CH", "LI"}
_QR_INSTITUTES = range(30_000, 32_000)  # Swiss Implementation Guidelines QR-bill: the QR-IIDs


def compact(text: str) -> str:
    """An IBAN or BIC without blanks, in capitals."""
    return "".join(text.split()).upper()


def is_iban(text: str) -> bool:
    """Whether a compact text has the length of its country and check digits (mod 97) that hold."""
    if not _IBAN.fullmatch(text) or len(text) != _LENGTHS.get(text[:2]):
        return False
    digits = "".join(str(int(char, 36)) for char in text[4:] + text[:4])
    return int(digits) % 97 == 1


def is_qr_iban(text: str) -> bool:
    """Whether a compact text is an IBAN of the kind that a QR reference needs (QR-IID)."""
    if not is_iban(text) or text[:2] not in _QR_COUNTRIES:
        return False
    institute = text[4:9]  # letters may have check digits that hold; institutes have none
    return institute.isdecimal() and int(institute) in _QR_INSTITUTES


def is_bic(text: str) -> bool:
    """Whether a compact text has the shape of a BIC with 8 or 11 characters."""
    match = _BIC.fullmatch(text)
    return match is not None and match["country"] in {*COUNTRIES, _KOSOVO}


def normal(account: BankAccount) -> BankAccount:
    """The account with its IBANs and BIC in compact form."""
    return replace(
        account,
        iban=compact(account.iban) if account.iban else None,
        qr_iban=compact(account.qr_iban) if account.qr_iban else None,
        bic=compact(account.bic) if account.bic else None,
    )


def account_problems(account: BankAccount, at: str) -> Iterator[Problem]:
    """What is wrong with a normal account; `at` is its JSON Pointer."""
    try:
        exponent(account.currency)
    except UnknownCurrency as error:
        yield Problem(f"{at}/currency", error.code, error.detail)
    if account.iban is None and account.account is None:
        yield Problem(f"{at}/iban", "account_missing", "An account has an IBAN or a local number.")
    if account.iban is not None:
        if not is_iban(account.iban):
            yield Problem(f"{at}/iban", "iban_invalid", f"{account.iban} is not an IBAN.")
        elif is_qr_iban(account.iban):
            detail = "This is a QR-IBAN: it takes payments with a QR reference only."
            yield Problem(f"{at}/iban", "iban_is_qr_iban", detail)
    if account.qr_iban is not None and not is_qr_iban(account.qr_iban):
        detail = f"{account.qr_iban} is not a QR-IBAN of Switzerland or Liechtenstein."
        yield Problem(f"{at}/qr_iban", "qr_iban_invalid", detail)
    if account.bic is not None and not is_bic(account.bic):
        yield Problem(f"{at}/bic", "bic_invalid", f"{account.bic} is not a BIC.")
