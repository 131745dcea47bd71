"""VAT returns: the ledger of a registration and period in the boxes of its country's form.

Figures are sums of entries and nothing else; what no box takes stands beside them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import RegistrationNotFound
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_points import tax_currency_of
from invx.contexts.invoicing.read.registrations import registrations_of
from invx.contexts.invoicing.read.tax_periods import months_in
from invx.contexts.invoicing.read.tax_views import REGISTRATION, entries_address
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import parse_typeid, typeid
from invx.rules.tax.boxes import MAIN, Box, Figure, ReturnForm, Taxed, where_is
from invx.rules.tax.packs import Packs
from invx.rules.tax.places import country_of

ZERO = Decimal(0)
# Amounts in the currency of the return: converted where the document says how.
AMOUNTS = """sum(coalesce(t.accounted_base, t.base)) AS base,
    sum(coalesce(t.accounted_tax, t.tax)) AS tax, count(*) AS count"""
OF_RETURN = """t.tenant_id = $1 AND t.legal_entity_id = $2 AND t.registration_id = $3
    AND t.period BETWEEN $4 AND $5"""
KEY = """regime, scheme, supply, category, rate, jurisdiction, treatment, cause, provisional"""
_SUMS = f"""
SELECT {KEY}, coalesce(t.tax_currency, t.currency) AS currency, {AMOUNTS}
FROM invoicing.tax_entries t WHERE {OF_RETURN}
GROUP BY {KEY}, coalesce(t.tax_currency, t.currency)
ORDER BY {KEY}, coalesce(t.tax_currency, t.currency)
"""
# A registration that is gone from its legal entity is still known by its entries.
_ENTITIES = """
SELECT l.legal_entity_id, l.resource::text AS resource, (
    SELECT t.country FROM invoicing.tax_entries t WHERE t.tenant_id = l.tenant_id
        AND t.legal_entity_id = l.legal_entity_id AND t.registration_id = $2 LIMIT 1) AS country
FROM invoicing.legal_entities l WHERE l.tenant_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration as returns need it; `shown` is None when its legal entity has it no more."""

    id: UUID
    legal_entity_id: UUID
    country: str
    currency: str  # that of its returns
    shown: Mapping[str, Any] | None

    def head(self, kind: str, **more: Any) -> dict[str, Any]:
        """How an answer begins."""
        return {
            "object": kind,
            "legal_entity": typeid(LEGAL_ENTITY, self.legal_entity_id),
            "registration": typeid(REGISTRATION, self.id),
            "country": self.country,
            "return_period": self.shown["return_period"] if self.shown else None,
            "currency": self.currency,
            **more,
        }

    def address(self, period: str, **wanted: Any) -> str:
        """The address of entries of this registration and period."""
        query = {
            "legal_entity": typeid(LEGAL_ENTITY, self.legal_entity_id),
            "registration": typeid(REGISTRATION, self.id),
            "period": period,
            **wanted,
        }
        return entries_address(query)


@dataclass(slots=True)
class Sum:
    """Entries added up, and the treatments and causes that tell them from others."""

    base: Decimal = ZERO
    tax: Decimal = ZERO
    count: int = 0
    treatments: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        self.base += row["base"]
        self.tax += row["tax"]
        self.count += row["count"]
        self.treatments.add(row["treatment"])

    def take(self, other: "Sum") -> None:
        self.base += other.base
        self.tax += other.tax
        self.count += other.count

    def view(self) -> dict[str, Any]:
        return {"base": str(self.base), "tax": str(self.tax), "count": self.count}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with its figures: by group and code, what no box of `main` takes, and all of it."""

    boxes: Mapping[tuple[str, str], tuple[list[Box], Sum]]
    unassigned: Sequence[tuple[str, str | None, Row]]  # reason, law, sum
    total: Sum


def registered_of(entity_id: UUID, resource: Mapping[str, Any]) -> dict[UUID, Registered]:
    """The registrations that a legal entity has today."""
    found = {}
    for shown in registrations_of(entity_id, resource):
        id = parse_typeid(REGISTRATION, shown["id"])
        found[id] = _registered(id, entity_id, shown["country"], resource, shown)
    return found


def _registered(
    id: UUID,
    entity_id: UUID,
    country: str,
    resource: Mapping[str, Any],
    shown: Mapping[str, Any] | None = None,
) -> Registered:
    currency = tax_currency_of(country, resource["currency"])
    return Registered(
        id=id, legal_entity_id=entity_id, country=country, currency=currency, shown=shown
    )


async def find_registration(conn: Connection, ctx: RequestContext, id: UUID) -> Registered:
    """The registration of this id, whichever legal entity has it. Raises RegistrationNotFound."""
    for row in await conn.fetch(_ENTITIES, ctx.tenant_id, id):
        resource = json.loads(row["resource"])
        entity_id = row["legal_entity_id"]
        if (known := registered_of(entity_id, resource).get(id)) is not None:
            return known
        if (country := row["country"]) is not None:
            return _registered(id, entity_id, country, resource)
    raise RegistrationNotFound


async def tax_return(
    conn: Connection, ctx: RequestContext, registration_id: UUID, period: str, packs: Packs
) -> dict[str, Any]:
    """The return of a registration for a month, quarter or year. Raises RegistrationNotFound."""
    registered = await find_registration(conn, ctx, registration_id)
    rows = await conn.fetch(_SUMS, *of_return(ctx, registered, period))
    form = form_of(packs, registered.country)
    filled = filled_form(form, rows, registered, packs)
    return registered.head(
        "tax_return",
        period=period,
        form={"name": form.name, "source": form.source} if form else None,
        boxes=[
            _box_view(boxes, found, registered, period) for boxes, found in filled.boxes.values()
        ],
        unassigned=[_unassigned_view(*each, registered, period) for each in filled.unassigned],
        totals=filled.total.view(),
        entries=registered.address(period),
    )


def of_return(ctx: RequestContext, registered: Registered, period: str) -> tuple[Any, ...]:
    """The values of `OF_RETURN`."""
    return (ctx.tenant_id, registered.legal_entity_id, registered.id, *months_in(period))


def form_of(packs: Packs, country: str) -> ReturnForm | None:
    """The return of a country, if its pack has one; Northern Ireland files the British one."""
    pack = packs.get("GB" if country == "XI" else country_of(country))
    return pack.vat_return if pack else None


def filled_form(
    form: ReturnForm | None, rows: Iterable[Row], registered: Registered, packs: Packs
) -> Filled:
    """Each sum of the ledger in its boxes. All of `main` and the unassigned sum to the total."""
    boxes: dict[tuple[str, str], tuple[list[Box], Sum]] = {}
    for box in form.boxes if form else ():
        boxes.setdefault((box.group, box.code), ([], Sum()))[0].append(box)
    unassigned: list[tuple[str, str | None, Row]] = []
    total = Sum()
    for row in rows:
        total.add(row)
        taxed = taxed_of(row, registered.country, packs)
        reason, law = _hindrance(row, taxed, form, registered)
        if reason is not None or form is None:
            unassigned.append((reason or "no_form", law, row))
            continue
        for box in form.boxes_of(taxed):
            boxes[box.group, box.code][1].add(row)
    return Filled(boxes, unassigned, total)


def taxed_of(row: Row, country: str, packs: Packs) -> Taxed:
    """What a form sees of entries."""
    place = row["jurisdiction"]
    pack = packs.get(country_of(place[:2])) if place else None
    return Taxed(
        regime=row["regime"],
        scheme=row["scheme"],
        supply=row["supply"],
        category=row["category"],
        rate=row["rate"],
        jurisdiction=place,
        cause=row["cause"],
        where=where_is(place, country, union=bool(pack and pack.eu)),
    )


def _hindrance(
    row: Row, taxed: Taxed, form: ReturnForm | None, registered: Registered
) -> tuple[str | None, str | None]:
    """Why entries cannot be in a box of `main`, and the law that leaves them out, if one does."""
    if row["provisional"]:
        return "provisional", None
    if row["currency"] != registered.currency:
        return "currency", None
    if form is None:
        return "no_form", None
    if any(box.group == MAIN for box in form.boxes_of(taxed)):
        return None, None
    if (law := form.left_out_by(taxed)) is not None:
        return "left_out", law
    return ("no_scheme" if row["scheme"] is None else "no_box"), None


def _box_view(
    boxes: Sequence[Box], found: Sum, registered: Registered, period: str
) -> dict[str, Any]:
    first = boxes[0]
    exact = found.base if first.figure is Figure.BASE else found.tax
    return {
        "code": first.code,
        "label": first.label,
        "group": first.group,
        "figure": first.figure,
        "stated": str(first.stated(exact)),
        **found.view(),
        "source": "; ".join(dict.fromkeys(each.rule.source for each in boxes)),
        "entries": _of_box(boxes, found, registered, period) if found.count else None,
    }


def _of_box(boxes: Sequence[Box], found: Sum, registered: Registered, period: str) -> str:
    rule = boxes[0].rule  # rows of one code have the same causes: a test of the packs
    causes = rule.causes or [each for each in TaxCause if each not in rule.other_causes]
    return registered.address(
        period,
        treatment=",".join(sorted(found.treatments)),
        cause=",".join(causes) if rule.causes or rule.other_causes else None,
        provisional="false",
        reporting_currency=registered.currency,
    )


def _unassigned_view(
    reason: str, law: str | None, row: Row, registered: Registered, period: str
) -> dict[str, Any]:
    return {
        "reason": reason,
        "law": law,
        **{name: row[name] for name in ("regime", "scheme", "supply", "category")},
        "rate": str(row["rate"]),
        "jurisdiction": row["jurisdiction"],
        "cause": row["cause"],
        "currency": row["currency"],
        "base": str(row["base"]),
        "tax": str(row["tax"]),
        "count": row["count"],
        "entries": registered.address(
            period,
            treatment=row["treatment"],
            cause=row["cause"],
            provisional="true" if row["provisional"] else "false",
            reporting_currency=row["currency"],
        ),
    }
