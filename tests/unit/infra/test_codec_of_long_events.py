"""Events with long lists: apart from the loop they are encoded in pieces, with the same bytes."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from invx.infra.apart import apart
from tests.unit.infra.test_codec import ADA, CODEC, DEEP, Leaf, Planted, Spot

LONG_PLACES = {
    "leaves": Planted(owner_id=ADA, leaves=(Leaf(name="n", spot=Spot(city="c")),) * 60),
    "below a leaf": Planted(owner_id=ADA, leaves=(Leaf(children=(Leaf(name="n"),) * 60),)),
    "names": Planted(owner_id=ADA, names=("n", None) * 30),
    "below rows": Planted(owner_id=ADA, rows=((Leaf(tags={"k": "v"}),) * 60,)),
    "taken whole": Planted(owner_id=ADA, seller=Spot(city="n" * 9_000)),
    "short": DEEP,
}


@pytest.mark.parametrize("place", LONG_PLACES)
def test_what_is_encoded_in_pieces_apart_is_the_same(place: str) -> None:
    """Apart from the loop a long list is encoded a piece at a time; the body does not show it."""
    event = LONG_PLACES[place]

    async def worked() -> Any:
        return CODEC.encode(event)

    async def both() -> tuple[Any, Any]:
        return await apart(worked), await worked()

    there, here = asyncio.run(both())
    proofs = [json.loads(each.body).pop("~personal", {}) for each in (there, here)]
    bodies = [each.body.split(b',"~personal"')[0].removesuffix(b"}") for each in (there, here)]
    assert bodies[0] == bodies[1]
    assert [each.keys() for each in proofs] == [proofs[0].keys()] * 2
    assert [each.value for each in there.personal] == [each.value for each in here.personal]
    read = CODEC.decode(
        there.type, 1, there.body.decode(), [p.value.decode() for p in there.personal]
    )
    assert read == event


def test_a_long_list_is_noticed_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed: list[bool] = []

    def watched(value: Any, *, long: bool | None = None) -> bytes:
        noticed.append(bool(long))
        return msgspec.json.encode(value)

    monkeypatch.setattr("invx.infra.codec.encode", watched)
    monkeypatch.setattr("invx.infra.codec.is_apart", lambda: True)
    for place, event in LONG_PLACES.items():
        noticed.clear()
        CODEC.encode(event)
        assert set(noticed) == {place not in ("short", "taken whole")}, place
