"""What a tenant lays over a country pack: read, and held against the pack that it lies over."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from invx.kernel.errors import Invalid, Problem
from invx.kernel.limits import TAX_OVERRIDE_ROWS_MAX, TAX_PACK_CHARS_MAX
from invx.rules.tax.case import GENERAL
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of, pack_of_values
from invx.rules.tax.packs import Pack, Packs, Status

_LAID_OVER = {"country", "name", "version", "status", "digest", "covers", "rates", "categories"}
_LAID_OVER |= {"texts", "sources", "eu", "vat_prefix", "language", "postal_digits"}
_CODE = "override_invalid"


class OverrideInvalid(Invalid):
    """This cannot be laid over the country's pack; `problems` names each row."""


def pack_stated(
    country: str, packs: Packs, *, text: str | None, rows: Mapping[str, object]
) -> Pack:
    """The pack that a tenant states for a country, as a text or as rows. Raises OverrideInvalid."""
    known = packs.get(country)
    if text is not None:
        return _checked(_read(text), country, known, packs, at="/pack")
    if known is None:
        raise _refused(Problem("/pack", _CODE, f"No pack knows {country}: state a whole one."))
    try:
        head: dict[str, object] = {
            "country": country,
            "name": known.name,
            "status": str(known.status),
        }
        head |= {"covers": list(known.covers)} if known.covers else {}
        pack = pack_of_values({**head, **rows})
    except PackInvalid as wrong:
        raise _refused(*map(_of_rows, wrong.problems)) from None
    return _checked(pack, country, known, packs, at="")


def _checked(pack: Pack, country: str, known: Pack | None, packs: Packs, *, at: str) -> Pack:
    problems = list(_problems(pack, country, known, packs))
    if at:  # rows of a text have no pointers into the request
        problems = [Problem(at, each.code, f"{each.pointer}: {each.detail}") for each in problems]
    if problems:
        raise _refused(*problems)
    return pack


def _read(text: str) -> Pack:
    if len(text) > TAX_PACK_CHARS_MAX:
        detail = f"A pack has {TAX_PACK_CHARS_MAX} characters at most."
        raise _refused(Problem("/pack", "pack_too_long", detail))
    try:
        return pack_of(text)
    except PackInvalid as wrong:
        raise _refused(Problem("/pack", _CODE, wrong.detail)) from None


def _problems(pack: Pack, country: str, known: Pack | None, packs: Packs) -> Iterator[Problem]:
    if pack.country != country:
        yield Problem("/country", _CODE, f"It is of {pack.country}, not of {country}.")
    if (known or pack).status is Status.NONE:
        detail = f"No rates are kept in the pack of {country}: state a rate table."
        yield Problem("/status", _CODE, detail)
    if known is not None:
        yield from _ignored(pack)
    whole = known.overlaid(pack) if known else pack
    yield from _too_many(pack)
    territories = {each.code for each in whole.territories}
    named = {f"/rates/{index}": row.territory for index, row in enumerate(pack.rates)}
    named |= {f"/categories/{index}": row.territory for index, row in enumerate(pack.categories)}
    for at, territory in named.items():
        if territory is not None and territory not in territories:
            detail = f"The pack of {country} has no territory {territory!r}."
            yield Problem(f"{at}/territory", _CODE, detail)
    yield from _dangling(pack, whole, packs)


def _ignored(pack: Pack) -> Iterator[Problem]:
    """What would have no effect is refused, so that nobody relies on it."""
    plain = Pack(country=pack.country, name="", version="", status=pack.status, digest="")
    for each in fields(Pack):
        changed = getattr(pack, each.name) != getattr(plain, each.name)
        if each.name not in _LAID_OVER and changed:
            detail = "Only rates, categories, texts and sources are laid over a pack."
            yield Problem(f"/{_KEYS.get(each.name, each.name)}", _CODE, detail)


_KEYS = {"place_rule": "rules", "foreign_seller": "rules"}


def _too_many(pack: Pack) -> Iterator[Problem]:
    for part in ("rates", "categories", "texts", "sources"):
        if len(getattr(pack, part)) > TAX_OVERRIDE_ROWS_MAX:
            detail = f"{TAX_OVERRIDE_ROWS_MAX} rows at most."
            yield Problem(f"/{part}", "too_many_rows", detail)


def _dangling(pack: Pack, whole: Pack, packs: Packs) -> Iterator[Problem]:
    """Rows that lead to a rate or to words that are nowhere."""
    rates = {rate.code for rate in whole.rates}
    known = [each for each in (whole, packs.get(GENERAL)) if each]
    words = {
        key
        for each in known
        for key, language, _ in each.texts
        if language in ("en", each.language)
    }
    for index, row in enumerate(pack.categories):
        if row.rate is not None and row.rate not in rates:
            yield Problem(f"/categories/{index}/rate", _CODE, f"There is no rate {row.rate!r}.")
        if row.exempt is not None and row.exempt not in words:
            detail = f"No text {row.exempt!r} in English or in the language of the country."
            yield Problem(f"/categories/{index}/exempt", _CODE, detail)
    for index, ground in enumerate(pack.certificates):
        if f"certificate_{ground.kind}" not in words:
            detail = f"No text 'certificate_{ground.kind}' in English or the country's language."
            yield Problem(f"/certificates/{index}/kind", _CODE, detail)


def _of_rows(problem: Problem) -> Problem:
    """The same with the names that rows have in a request."""
    head, _, last = problem.pointer.rpartition("/")
    name = {"from": "valid_from", "until": "valid_until"}.get(last, last)
    detail = problem.detail.replace("before from", "before valid_from")
    return Problem(f"{head}/{name}", _CODE, detail)


def _refused(*problems: Problem) -> OverrideInvalid:
    return OverrideInvalid(problems=problems)
