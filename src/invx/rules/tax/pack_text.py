"""Reading a pack from its TOML text, strictly: every error names the key at fault.

Numbers that are rates are strings ("8.1"), so that none is ever a binary float.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import sha256

from invx.rules.tax.model import DAY_LAST, Scheme, SupplyKind
from invx.rules.tax.pack_late import late_payment_of
from invx.rules.tax.pack_returns import return_of
from invx.rules.tax.pack_table import Table, wrong_key
from invx.rules.tax.packs import (
    Category,
    Clearance,
    ClearanceRule,
    Documents,
    EInvoiceDuty,
    Ground,
    Pack,
    Rate,
    Status,
    Territory,
)

_CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M"})
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_POSTAL = re.compile(r"[0-9A-Z]+(-[0-9A-Z]+|\*)?")
_VATEX = re.compile(r"VATEX-[A-Z]{2}-[A-Z0-9-]+")
RATE_MAX = Decimal(100)


@lru_cache(maxsize=128)  # a pack never changes, and the shipped ones are read by every host
def pack_of(text: str) -> Pack:
    """The pack that the text states. Raises PackInvalid."""
    try:
        values = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        raise wrong_key("/", f"not TOML: {error}") from None
    return _pack(values, sha256(text.encode()).hexdigest())


def pack_of_values(values: Mapping[str, object]) -> Pack:
    """The pack that the values of such a text state. Raises PackInvalid.

    Equal values have an equal digest, whatever the order of their keys.
    """
    return _pack(values, sha256(repr(_sorted(values)).encode()).hexdigest())


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _pack(values: Mapping[str, object], digest: str) -> Pack:
    table = Table("", values)
    rules = table.table("rules")
    exchange = table.table("exchange_rates")
    pack = Pack(
        country=table.text("country", re.compile(r"[A-Z]{2}")),
        name=table.text("name"),
        version=table.text("version"),
        status=table.word("status", Status),
        digest=digest,
        covers=table.words("covers", Scheme),
        eu=table.take("eu", bool, False),
        vat_prefix=table.take("vat_prefix", str, ""),
        language=table.take("language", str, "en"),
        postal_digits=table.number("postal_digits"),
        place_rule=rules.take("services", str, "directive"),
        foreign_seller=rules.words("foreign_seller_reverse_charge", SupplyKind),
        rates=table.rows("rates", _rate),
        categories=table.rows("categories", _category),
        territories=table.rows("territories", _territory),
        small_business=_small_business(table),
        certificates=table.rows("certificates", _ground),
        texts=table.rows("texts", _text),
        sources=tuple(table.table("sources").pairs()),
        documents=_documents(table.table("documents")),
        tax_rates_of=exchange.maybe("tax", _CODE),
        tax_rates_source=exchange.maybe("source"),
        clearance=_clearance(table.table("clearance")),
        vat_return=return_of(table.table("return")),
        late_payment=late_payment_of(table.table("late_payment")),
    )
    rules.done()
    exchange.done()
    table.done()
    _check(pack)
    return pack


def _rate(row: Table) -> Rate:
    stated = row.take("rate", str)
    try:
        rate = Decimal(stated)
    except InvalidOperation:
        raise wrong_key(f"{row.at}/rate", f"{stated!r} is not a number") from None
    if not (rate.is_finite() and 0 <= rate <= RATE_MAX):
        raise wrong_key(f"{row.at}/rate", f"{stated} is not a percentage")
    return Rate(
        code=row.text("code", _CODE),
        rate=rate,
        valid_from=row.take("from", date),
        valid_until=row.take("until", date, DAY_LAST),
        territory=row.maybe("territory"),
        source=row.text("source"),
    )


def _category(row: Table) -> Category:
    category = Category(
        code=row.text("code", _CODE),
        rate=row.maybe("rate", _CODE),
        exempt=row.maybe("exempt", _CODE),
        reverse_charge=row.take("reverse_charge", bool, False),
        asks=row.maybe("asks"),
        reason_code=row.maybe("reason_code", _VATEX),
        valid_from=row.take("from", date),
        valid_until=row.take("until", date, DAY_LAST),
        territory=row.maybe("territory"),
        kinds=row.words("kinds", SupplyKind),
        source=row.text("source"),
    )
    ways = (category.rate, category.exempt, category.asks)
    if sum(way is not None for way in ways) != 1:
        raise wrong_key(row.at, "needs exactly one of rate, exempt, asks")
    if category.reverse_charge and category.rate is None:
        raise wrong_key(f"{row.at}/rate", "is missing: what a consumer pays")
    return category


def _territory(row: Table) -> Territory:
    code = row.text("code")
    vat = row.take("vat", str, "S")
    if vat not in {"S", "L", "M", "O"}:
        raise wrong_key(f"{row.at}/vat", f"{vat!r} is none of S, L, M, O")
    return Territory(
        code=code,
        name=row.text("name"),
        goods=row.take("goods", str, code),
        services=row.take("services", str, code),
        source=row.text("source"),
        iso=row.strings("iso", re.compile(r"[A-Z]{2}")),
        postal_codes=row.strings("postal_codes", _POSTAL),
        eu=row.take("eu", bool, False),
        vat=vat,
        own_registration=row.take("own_registration", bool, False),
        by_seller=row.take("by_seller", bool, False),
        asks=row.maybe("asks"),
    )


def _ground(row: Table) -> Ground:
    category = row.text("category")
    if category not in _CATEGORIES:
        raise wrong_key(f"{row.at}/category", f"{category!r} is not a code of UNCL 5305")
    return Ground(
        kind=row.text("kind", _CODE),
        category=category,
        source=row.text("source"),
        reason_code=row.maybe("reason_code", _VATEX),
    )


def _small_business(table: Table) -> Ground | None:
    rows = table.rows("small_business", _ground)
    if len(rows) > 1:
        raise wrong_key("/small_business/1", "one is enough")
    return rows[0] if rows else None


def _text(row: Table) -> tuple[str, str, str]:
    language = row.text("language", re.compile(r"[a-z]{2}"))
    return row.text("key", _CODE), language, row.text("text")


def _documents(table: Table) -> Documents:
    titles = tuple(table.table("titles").pairs())
    documents = Documents(
        titles=titles,
        retention_years=table.number("retention_years"),
        retention_source=table.maybe("retention_source"),
        formats=table.strings("formats"),
        duties=table.rows("e_invoice_duties", _duty),
    )
    table.done()
    if documents.retention_years is not None and not documents.retention_source:
        raise wrong_key("/documents/retention_source", "is missing")
    return documents


def _clearance(table: Table) -> Clearance:
    clearance = Clearance(
        rule=table.word("rule", ClearanceRule, ClearanceRule.NONE),
        revision_allowed=table.take("revision_allowed", bool, False),
        revision_days=table.number("revision_days"),
        source=table.maybe("source"),
    )
    table.done()
    if clearance != Clearance() and not clearance.source:
        raise wrong_key("/clearance/source", "is missing")
    if clearance.revision_days is not None and clearance.revision_days < 0:
        raise wrong_key("/clearance/revision_days", "is below zero")
    return clearance


def _duty(row: Table) -> EInvoiceDuty:
    return EInvoiceDuty(
        valid_from=row.take("from", date),
        whom=row.text("whom"),
        source=row.text("source"),
        formats=row.strings("formats"),
    )


def _check(pack: Pack) -> None:
    """What only the whole pack shows."""
    if pack.place_rule not in {"directive", "recipient"}:
        raise wrong_key("/rules/services", f"{pack.place_rule!r} is none of directive, recipient")
    if (pack.tax_rates_of is None) != (pack.tax_rates_source is None):
        raise wrong_key("/exchange_rates", "needs both tax and source")
    if bool(pack.covers) != (pack.status is Status.PARTIAL):
        raise wrong_key("/covers", "a partial pack, and only one, lists the schemes that it covers")
    seen = set()
    for index, rate in enumerate(pack.rates):
        key = (rate.code, rate.territory, rate.valid_from)
        if key in seen:
            raise wrong_key(f"/rates/{index}", "there is one of this code and day already")
        if rate.valid_until < rate.valid_from:
            raise wrong_key(f"/rates/{index}/until", "is before from")
        seen.add(key)
