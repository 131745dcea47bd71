"""The forms of the packs: every treatment in one box of `main`, or left out by a law."""

from collections import Counter
from decimal import Decimal
from itertools import product

import pytest

from invx.rules.tax.boxes import MAIN, Box, Figure, Rule, Taxed, Unit, Whereabouts, where_is
from invx.rules.tax.model import Scheme
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Pack, Status
from tests.unit.rules.tax.shipped import packs_with

D = Decimal
COMPLETE = [
    pack
    for pack in packs_with().by_country.values()
    if pack.status is Status.COMPLETE and pack.country != "EU"
]
CAUSES = ("issued", "advance_received", "cash_received", "discount_taken", "credited")
CAUSES = (*CAUSES, "written_off", "corrected", "voided")
# What the shop returns, and what a rate table or an engine says, is in no VAT return.
ELSEWHERE = {Scheme.OSS, Scheme.IOSS, Scheme.SALES_TAX, Scheme.EXTERNAL, Scheme.DOMESTIC}
SUPPLIES = {
    Scheme.INTRA_COMMUNITY: ("goods", "triangular", None),
    Scheme.REVERSE_CHARGE: ("goods", "services", "located", "triangular", None),
}
CATEGORIES = {Scheme.INTRA_COMMUNITY: "K", Scheme.REVERSE_CHARGE: "AE", Scheme.EXPORT: "G"}
by_country = pytest.mark.parametrize("pack", COMPLETE, ids=lambda pack: pack.country)


def taxed(pack: Pack, scheme: str | None, **more: object) -> Taxed:
    given = {
        "regime": "vat",
        "scheme": scheme,
        "supply": None,
        "category": "E",
        "rate": D(0),
        "jurisdiction": pack.country,
        "cause": "issued",
        "where": Whereabouts.HOME,
    }
    return Taxed(**(given | more))


def treatments(pack: Pack) -> list[Taxed]:
    """All that entries of this country can be: its rates, and every other scheme."""
    vat = {territory.code: territory.vat for territory in pack.territories}
    found = []
    for rate, cause in product(pack.rates, CAUSES):
        place = rate.territory or pack.country
        category = vat.get(place, "S")
        if category == "S" and not rate.rate:
            category = "Z"
        said = {"category": category, "rate": rate.rate, "jurisdiction": place, "cause": cause}
        found.append(taxed(pack, Scheme.DOMESTIC, **said))
    for scheme in set(Scheme) - ELSEWHERE:
        if scheme is Scheme.SMALL_BUSINESS and pack.small_business is None:
            continue
        wheres = Whereabouts if scheme is Scheme.REVERSE_CHARGE else (Whereabouts.HOME,)
        for supply, where, cause in product(SUPPLIES.get(scheme, (None,)), wheres, CAUSES):
            if (scheme, where, supply) == (Scheme.REVERSE_CHARGE, Whereabouts.HOME, "triangular"):
                continue  # its place is where the last buyer is
            said = {"category": CATEGORIES.get(scheme, "E"), "where": where, "cause": cause}
            found.append(taxed(pack, scheme, supply=supply, **said))
    return found


@by_country
def test_every_treatment_is_in_one_box_of_main_or_left_out_by_law(pack: Pack) -> None:
    form = pack.vat_return
    assert form is not None, "a complete pack has a return"
    for each in treatments(pack):
        main = {box.code for box in form.boxes_of(each) if box.group == MAIN}
        law = form.left_out_by(each)
        assert (len(main), law is None) in {(1, True), (0, False)}, each


@by_country
def test_no_entry_is_in_two_boxes_of_a_group_whatever_their_order(pack: Pack) -> None:
    form = pack.vat_return
    assert form is not None
    for each in treatments(pack):
        taking = Counter(box.group for box in form.boxes if box.rule.takes(each))
        assert max(taking.values(), default=0) <= 1, (each, taking)


@by_country
def test_every_box_is_reached_and_every_row_cites_a_law(pack: Pack) -> None:
    form = pack.vat_return
    assert form is not None
    by_hand = [
        taxed(pack, Scheme.DOMESTIC, category=category, rate=D(rate))
        for category, rate in (("Z", "0"), ("S", "12.5"))
    ]
    all_of_them = [*treatments(pack), *by_hand]
    reached = {id(box) for each in all_of_them for box in form.boxes if box.rule.takes(each)}
    assert [box.code for box in form.boxes if id(box) not in reached] == []
    rules = [box.rule for box in form.boxes] + list(form.left_out)
    assert all(rule.source.strip() for rule in rules)


@by_country
def test_rows_of_one_code_state_one_figure_of_the_same_causes(pack: Pack) -> None:
    form = pack.vat_return
    assert form is not None
    said: dict[tuple[str, str], set[object]] = {}
    for box in form.boxes:
        alike = (box.label, box.figure, box.unit, box.rule.causes, box.rule.other_causes)
        said.setdefault((box.group, box.code), set()).add(alike)
    assert [key for key, found in said.items() if len(found) > 1] == []


@pytest.mark.parametrize(
    "unit,amount,stated",
    [
        (Unit.EXACT, "1480.99", "1480.99"),
        (Unit.WHOLE_DOWN, "1480.99", "1480"),
        (Unit.WHOLE_DOWN, "-1480.99", "-1480"),
        (Unit.WHOLE_HALF_UP, "1480.50", "1481"),
        (Unit.WHOLE_HALF_UP, "-1480.50", "-1481"),
    ],
)
def test_a_figure_is_written_as_the_form_wants_it(unit: Unit, amount: str, stated: str) -> None:
    box = Box(code="1", label="x", rule=Rule(source="x"), unit=unit)
    assert str(box.stated(D(amount))) == stated


def test_where_a_law_is_depends_on_who_asks() -> None:
    assert where_is(None, "DE", union=False) is Whereabouts.HOME
    assert where_is("FR-GP", "FR", union=True) is Whereabouts.HOME
    assert where_is("FR", "DE", union=True) is Whereabouts.UNION
    assert where_is("CH", "DE", union=False) is Whereabouts.OUTSIDE


HEAD = 'country = "NO"\nname = "Norway"\nversion = "1"\nstatus = "partial"\ncovers = ["domestic"]\n'
FORM = '[return]\nname = "MVA"\nsource = "Mval."\n'
BOX = 'code = "1", label = "x", source = "y"'


@pytest.mark.parametrize(
    "rows,pointer",
    [
        ("boxes = [{ code = '1', label = 'x' }]", "/return/boxes/0/source"),
        (f"boxes = [{{ {BOX}, figure = 'net' }}]", "/return/boxes/0/figure"),
        (f"boxes = [{{ {BOX}, schemes = ['vat'] }}]", "/return/boxes/0/schemes"),
        (f"boxes = [{{ {BOX}, rates = ['a'] }}]", "/return/boxes/0/rates"),
        (f"boxes = [{{ {BOX}, where = ['there'] }}]", "/return/boxes/0/where"),
        (f"boxes = [{{ {BOX}, rate = '1' }}]", "/return/boxes/0/rate"),
        ("bases = 'round'\nboxes = []", "/return/bases"),
        ("left_out = [{ schemes = ['export'] }]", "/return/left_out/0/source"),
        ("lines = []", "/return/lines"),
    ],
)
def test_what_is_wrong_about_a_form_is_named(rows: str, pointer: str) -> None:
    with pytest.raises(PackInvalid) as refused:
        pack_of(f"{HEAD}{FORM}{rows}\n")
    assert refused.value.problems[0].pointer == pointer


def test_a_form_is_read_as_it_is_written() -> None:
    row = f"{BOX}, schemes = ['domestic'], rates = ['25'], figure = 'tax', group = 'g'"
    form = pack_of(f"{HEAD}{FORM}bases = 'whole_down'\nboxes = [{{ {row} }}]\n").vat_return
    assert form is not None
    [box] = form.boxes
    assert (box.figure, box.group, box.unit) == (Figure.TAX, "g", Unit.EXACT)
    assert box.rule.rates == (D(25),)
    assert pack_of(HEAD).vat_return is None
