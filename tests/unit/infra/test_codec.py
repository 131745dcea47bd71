"""Events to bytes and back; what is personal is taken out at any depth and can be lost (D4)."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Optional
from uuid import UUID

import msgspec
import pytest

from invx.infra.codec import Codec, events_in
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event, Personal

ADA, EVE = UUID(int=1), UUID(int=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    city: Personal[str] = None
    country: str = "DE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    name: Personal[str] = None
    tags: Personal[dict[str, str]] = None
    spot: Spot | None = None
    children: tuple["Leaf", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Holds itself through another class, and through an option."""

    text: Personal[str] = None
    twigs: tuple["Twig", ...] = ()
    next: Optional["Branch"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Twig:
    branch: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted(Event):
    subjects: ClassVar[dict[str, str]] = {"*": "owner_id", "seller": "seller_id"}
    owner_id: UUID
    seller_id: UUID = EVE
    seller: Personal[Spot] = None
    amount: Decimal = Decimal("1.10")
    on: date = date(2026, 1, 31)
    at: datetime = datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC)
    leaves: tuple[Leaf, ...] = ()
    names: tuple[Personal[str], ...] = ()
    rows: tuple[tuple[Leaf, ...], ...] = ()
    branch: Branch | None = None
    plain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watered(Event):
    litres: int


CODEC = Codec([Planted, Watered])
DEEP = Planted(
    owner_id=ADA,
    seller=Spot(city="Elbe-Stadt"),
    leaves=(
        Leaf(
            name="L0", children=(Leaf(name="L00", spot=Spot(city="C00")), Leaf(tags={"k": "T01"}))
        ),
        Leaf(spot=Spot(city="C1", country="FR")),
    ),
    names=("N0", None, "N2"),
    rows=((Leaf(name="R00"),), (), (Leaf(name="R20"), Leaf(name="R21"))),
    branch=Branch(text="B", twigs=(Twig(branch=Branch(text="BT0")),), next=Branch(text="BN")),
    plain={"colour": "green"},
)
SECRETS = "Elbe-Stadt L0 L00 C00 T01 C1 N0 N2 R00 R20 R21 B BT0 BN".split()


def stored(codec: Codec, event: Event) -> tuple[str, list[str]]:
    encoded = codec.encode(event)
    return encoded.body.decode(), [item.value.decode() for item in encoded.personal]


def texts(value: Any) -> list[str]:
    """All the text in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def test_personal_values_at_any_depth_leave_the_body() -> None:
    body, _ = stored(CODEC, DEEP)
    assert set(texts(json.loads(body))) & set(SECRETS) == set()
    assert {"DE", "FR", "green", "1.10"} <= set(texts(json.loads(body)))


def test_what_was_taken_out_comes_back_in_its_place() -> None:
    body, personal = stored(CODEC, DEEP)
    assert CODEC.decode("Planted", 1, body, personal) == DEEP


def test_what_was_taken_out_is_named_by_pointer_and_subject() -> None:
    encoded = CODEC.encode(DEEP)
    by_subject = {item.subject_id: json.loads(item.value) for item in encoded.personal}
    assert by_subject[EVE] == {"/seller": {"city": "Elbe-Stadt", "country": "DE"}}
    assert by_subject[ADA] == {
        "/leaves/0/name": "L0",
        "/leaves/0/children/0/name": "L00",
        "/leaves/0/children/0/spot/city": "C00",
        "/leaves/0/children/1/tags": {"k": "T01"},
        "/leaves/1/spot/city": "C1",
        "/names/0": "N0",
        "/names/2": "N2",
        "/rows/0/0/name": "R00",
        "/rows/2/0/name": "R20",
        "/rows/2/1/name": "R21",
        "/branch/text": "B",
        "/branch/twigs/0/branch/text": "BT0",
        "/branch/next/text": "BN",
    }


def test_erased_values_read_as_none_and_the_rest_stays() -> None:
    encoded = CODEC.encode(DEEP)
    kept = [item.value.decode() for item in encoded.personal if item.subject_id == EVE]
    event = CODEC.decode("Planted", 1, encoded.body.decode(), kept)
    assert isinstance(event, Planted)
    assert event.seller == DEEP.seller
    assert [leaf.name for leaf in event.leaves] == [None, None]
    assert event.leaves[1].spot == Spot(city=None, country="FR")
    assert event.names == (None, None, None)
    assert (event.amount, event.plain) == (DEEP.amount, DEEP.plain)
    without = CODEC.decode("Planted", 1, encoded.body.decode())
    assert isinstance(without, Planted)
    assert without.seller is None


def test_the_body_proves_what_was_taken_out_of_it() -> None:
    encoded = CODEC.encode(DEEP)
    expected = {
        str(item.subject_id): hashlib.sha256(item.salt + item.value).hexdigest()
        for item in encoded.personal
    }
    assert json.loads(encoded.body)["~personal"] == expected
    assert {item.proof for item in encoded.personal} == set(expected.values())


def test_equal_values_have_different_proofs() -> None:
    """Without the salt nobody can try names until the hash fits."""
    first, second = (CODEC.encode(Planted(owner_id=ADA, names=("Ada",))) for _ in range(2))
    assert first.personal[0].value == second.personal[0].value
    assert first.personal[0].proof != second.personal[0].proof
    assert len(first.personal[0].salt) == 16


def test_nothing_personal_means_no_proof() -> None:
    for event in (Watered(litres=3), Planted(owner_id=ADA, leaves=(Leaf(), Leaf(tags={})))):
        encoded = CODEC.encode(event)
        assert encoded.personal == ()
        assert "~personal" not in json.loads(encoded.body)
        assert CODEC.decode(encoded.type, 1, encoded.body.decode()) == event


def test_an_empty_text_is_somebodys_too() -> None:
    (item,) = CODEC.encode(Planted(owner_id=ADA, names=("",))).personal
    assert json.loads(item.value) == {"/names/0": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    """A field of each kind: with and without a default, nothing and something."""

    subjects: ClassVar[dict[str, str]] = {"*": "owner_id"}
    owner_id: UUID
    must: Decimal | None
    list_must: tuple[int, ...]
    may: str | None = None
    zero: int = 0
    no: bool = False
    amount: Decimal = Decimal(0)
    word: str = ""
    kind: str = "plain"
    many: tuple[int, ...] = ()
    table: dict[str, str] = field(default_factory=dict)
    some: tuple[int, ...] = (1,)
    spot: Spot = field(default_factory=Spot)
    mine: Personal[str] = None
    mine_must: Personal[str]
    ours: Personal[dict[str, str]] = field(default_factory=dict)


TOLD = Codec([Told])


def test_what_is_nothing_by_default_is_left_out_and_no_more() -> None:
    """Defaults that say something are written: the event says the same when they change."""
    empty = Told(owner_id=ADA, must=None, list_must=(), mine_must=None)
    body, personal = stored(TOLD, empty)
    assert json.loads(body) == {
        "owner_id": str(ADA),
        "must": None,
        "list_must": [],
        "zero": 0,
        "no": False,
        "amount": "0",
        "word": "",
        "kind": "plain",
        "some": [1],
        "spot": {"country": "DE"},
        "mine_must": None,
    }
    assert personal == []
    assert TOLD.decode("Told", 1, body) == empty


def test_what_is_nothing_but_not_by_default_is_written() -> None:
    event = Told(
        owner_id=ADA,
        must=Decimal("0.00"),
        list_must=(),
        may="",
        amount=Decimal("-0.0"),
        some=(),
        many=(0,),
        table={"": ""},
        mine="",
        mine_must="x",
        ours={},
    )
    body, personal = stored(TOLD, event)
    said = json.loads(body)
    assert (said["must"], said["amount"], said["some"], said["may"]) == ("0.00", "-0.0", [], "")
    assert (said["many"], said["table"]) == ([0], {"": ""})
    assert [json.loads(each) for each in personal] == [{"/mine": "", "/mine_must": "x"}]
    back = TOLD.decode("Told", 1, body, personal)
    assert back == event
    assert repr(back) == repr(event)  # to the letter: 0.00 is no 0


def test_what_was_erased_is_missed_whatever_its_default() -> None:
    event = Told(owner_id=ADA, must=None, list_must=(), mine="m", mine_must="n", ours={"k": "v"})
    body, personal = stored(TOLD, event)
    said = json.loads(body)
    assert "mine" not in said  # its default is what an erased one reads as
    assert (said["mine_must"], said["ours"]) == (None, None)
    assert TOLD.decode("Told", 1, body, personal) == event
    erased = TOLD.decode("Told", 1, body)
    assert isinstance(erased, Told)
    assert (erased.mine, erased.mine_must, erased.ours) == (None, None, None)


def test_a_record_stays_where_only_what_is_personal_stood_in_it() -> None:
    event = Planted(owner_id=ADA, branch=Branch(text="B"), leaves=(Leaf(name="L"), Leaf()))
    body, personal = stored(CODEC, event)
    said = json.loads(body)
    assert (said["branch"], said["leaves"]) == ({}, [{}, {}])
    assert CODEC.decode("Planted", 1, body, personal) == event
    erased = CODEC.decode("Planted", 1, body)
    assert isinstance(erased, Planted)
    assert (erased.branch, erased.leaves) == (Branch(), (Leaf(), Leaf()))


def test_a_personal_record_is_told_alike() -> None:
    (item,) = CODEC.encode(Planted(owner_id=ADA, seller=Spot(city="Ulm"))).personal
    assert json.loads(item.value) == {"/seller": {"city": "Ulm", "country": "DE"}}
    (item,) = CODEC.encode(Planted(owner_id=ADA, seller=Spot())).personal
    assert json.loads(item.value) == {"/seller": {"country": "DE"}}


def test_bodies_of_before_that_say_nothing_in_words_read_the_same() -> None:
    event = Planted(owner_id=ADA, leaves=(Leaf(), Leaf(children=(Leaf(spot=Spot()),))))
    old = json.dumps(msgspec.to_builtins(event))
    assert old.count("null") > 10
    assert CODEC.decode("Planted", 1, old) == event
    assert CODEC.decode("Planted", 1, stored(CODEC, event)[0]) == event


def test_an_event_of_another_context_is_refused() -> None:
    with pytest.raises(InvariantViolation, match="Watered is not an event of this context"):
        Codec([Planted]).encode(Watered(litres=1))
    with pytest.raises(InvariantViolation, match="no event Watered"):
        Codec([Planted]).decode("Watered", 1, "{}")


def test_another_class_of_the_same_name_is_refused() -> None:
    mine = Watered
    other = dataclass(frozen=True, slots=True)(type("Watered", (Event,), {"__annotations__": {}}))
    with pytest.raises(InvariantViolation, match="Watered is not an event"):
        Codec([mine]).encode(other())


def test_an_event_whose_personal_values_are_nobodys_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Whispered(Event):
        subjects: ClassVar[dict[str, str]] = {"other": "author_id"}
        author_id: UUID
        other: Personal[str] = None
        text: Personal[str] = None

    with pytest.raises(InvariantViolation, match=r"Whispered\.text is personal, but of nobody"):
        Codec([Whispered])


@pytest.mark.parametrize(
    "hint",
    [
        dict[str, Leaf],
        dict[str, Personal[str]],
        tuple[int, Personal[str]],
        frozenset[Personal[str]],
        Leaf | Branch,
        Annotated[dict[str, Leaf], "note"],
        tuple[dict[str, Leaf], ...],
    ],
    ids=str,
)
def test_a_shape_from_which_nothing_could_be_taken_is_refused(hint: Any) -> None:
    """Otherwise the value would stay in the body for ever, unseen."""
    kind = type(
        "Hidden",
        (Event,),
        {"__annotations__": {"value": hint}, "subjects": {"*": "id"}, "__module__": __name__},
    )
    with pytest.raises(InvariantViolation, match="cannot be taken out"):
        Codec([dataclass(frozen=True)(kind)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """Version 3: `place` was `town`, in version 1 a bare text."""

    subjects: ClassVar[dict[str, str]] = {"*": "owner_id"}
    schema_version: ClassVar[int] = 3
    owner_id: UUID
    place: Spot


UPCASTERS: dict[tuple[str, int], Any] = {
    ("Moved", 1): lambda body: {**body, "town": {"city": body["town"], "country": "DE"}},
    ("Moved", 2): lambda body: {"owner_id": body["owner_id"], "place": body["town"]},
}


def test_older_versions_are_brought_up_one_by_one() -> None:
    codec = Codec([Moved], UPCASTERS)
    expected = Moved(owner_id=ADA, place=Spot(city="Ulm", country="DE"))
    one = {"owner_id": str(ADA), "town": "Ulm"}
    two = {"owner_id": str(ADA), "town": {"city": "Ulm", "country": "DE"}}
    three = {"owner_id": str(ADA), "place": {"city": "Ulm", "country": "DE"}}
    for version, body in ((1, one), (2, two), (3, three)):
        assert codec.decode("Moved", version, json.dumps(body)) == expected


def test_personal_values_return_to_where_they_stood_before_anything_is_moved() -> None:
    codec = Codec([Moved], UPCASTERS)
    body = json.dumps({"owner_id": str(ADA), "town": None, "~personal": {str(ADA): "00"}})
    event = codec.decode("Moved", 1, body, ['{"/town": "Ulm"}'])
    assert event == Moved(owner_id=ADA, place=Spot(city="Ulm", country="DE"))


def test_a_version_that_nothing_brings_up_is_refused_at_start() -> None:
    with pytest.raises(InvariantViolation, match="nothing brings Moved from version 1"):
        Codec([Moved], {("Moved", 2): UPCASTERS["Moved", 2]})


def test_an_event_of_a_newer_program_is_not_guessed_at() -> None:
    with pytest.raises(InvariantViolation, match="newer version"):
        Codec([Watered]).decode("Watered", 2, '{"litres": 1}')


def test_the_events_of_a_module_are_those_it_defines() -> None:
    import sys

    found = events_in(sys.modules[__name__])
    assert {Planted, Watered, Moved} <= set(found)
    assert Event not in found


def test_an_upcaster_sees_the_event_and_nothing_of_how_it_is_stored() -> None:
    seen: list[set[str]] = []

    def watch(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(set(body))
        return body

    codec = Codec([Moved], {("Moved", 1): watch, ("Moved", 2): UPCASTERS["Moved", 2]})
    body = {"owner_id": str(ADA), "town": {"city": "Ulm"}, "~personal": {}}
    codec.decode("Moved", 1, json.dumps(body))
    assert seen == [{"owner_id", "town"}]
