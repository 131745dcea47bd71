"""Whether numbers of companies are well formed: by their length and their check digits.

Sources: INSEE (SIREN, SIRET), GS1 (GLN), Brønnøysundregistrene (NO), Crossroads Bank (BE),
Skatteverket (SE), Australian Business Register (ABN); all as the rules of Peppol ask them.
"""

import re

_LA_POSTE = "356000000"  # its establishments have a check of their own
_ABN_WEIGHTS = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
_NORWAY_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def luhn(digits: str) -> bool:
    """The formula of Luhn over all digits, the check digit included."""
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def is_siren(text: str) -> bool:
    """Nine digits whose last one follows from the others."""
    return bool(re.fullmatch(r"[0-9]{9}", text)) and luhn(text)


def is_siret(text: str) -> bool:
    """Fourteen digits: a SIREN and five of the establishment; La Poste counts in its own way."""
    if not re.fullmatch(r"[0-9]{14}", text) or not is_siren(text[:9]):
        return False
    own = text.startswith(_LA_POSTE) and sum(map(int, text)) % 5 == 0
    return own or luhn(text)


def is_gln(text: str) -> bool:
    """Thirteen digits with the check digit of GS1."""
    if not re.fullmatch(r"[0-9]{13}", text):
        return False
    return sum(int(digit) * (1 + at % 2 * 2) for at, digit in enumerate(text)) % 10 == 0


def is_norwegian(text: str) -> bool:
    """Nine digits; the last one makes the weighted sum divisible by 11."""
    if not re.fullmatch(r"[0-9]{9}", text):
        return False
    weighted = sum(int(d) * w for d, w in zip(text, (*_NORWAY_WEIGHTS, 1), strict=True))
    return weighted % 11 == 0


def is_danish(text: str) -> bool:
    """DK and the eight digits of the CVR number, as scheme 0184 writes it."""
    return bool(re.fullmatch(r"DK[0-9]{8}", text))


def is_belgian(text: str) -> bool:
    """Ten digits, of which the last two are 97 less the rest of the others by 97."""
    if not re.fullmatch(r"[0-9]{10}", text):
        return False
    return 97 - int(text[:8]) % 97 == int(text[8:])


def is_swedish(text: str) -> bool:
    """Ten digits by the formula of Luhn."""
    return bool(re.fullmatch(r"[0-9]{10}", text)) and luhn(text)


def is_australian(text: str) -> bool:
    """Eleven digits whose weighted sum, the first less one, is divisible by 89."""
    if not re.fullmatch(r"[0-9]{11}", text):
        return False
    digits = [int(text[0]) - 1, *map(int, text[1:])]
    return sum(d * w for d, w in zip(digits, _ABN_WEIGHTS, strict=True)) % 89 == 0
