import json
import re
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from invx.infra.http.fields import DecimalText, TypeId, typeid_pattern
from invx.kernel.ids import typeid

ID = UUID("0192d1f0-0000-7000-8000-00000000000a")


class Item(BaseModel):
    id: Annotated[UUID, TypeId("item")]
    price: DecimalText = Decimal("1.00")


def refused(**values) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Item(**{"id": typeid("item", ID)} | values)
    return [each["type"] for each in caught.value.errors()]


def test_an_id_is_a_typeid_outside_and_a_uuid_inside() -> None:
    item = Item.model_validate({"id": typeid("item", ID)})
    assert item.id == ID
    assert json.loads(item.model_dump_json())["id"] == typeid("item", ID)


@pytest.mark.parametrize(
    "text", ["", str(ID), typeid("inv", ID), typeid("item", ID) + "x", 5, None]
)
def test_what_is_no_id_of_the_kind_is_refused(text) -> None:
    assert refused(id=text) == ["malformed_id"]


@given(st.uuids())
def test_every_id_fits_the_pattern_that_openapi_shows(id: UUID) -> None:
    assert re.fullmatch(typeid_pattern("item"), typeid("item", id))


@pytest.mark.parametrize("text", ["119.00", "0", "-1.50", "0.123456789012", "9" * 18])
def test_a_decimal_keeps_the_digits_that_were_sent(text: str) -> None:
    item = Item(id=typeid("item", ID), price=text)
    assert str(item.price) == text
    assert json.loads(item.model_dump_json())["price"] == text


@pytest.mark.parametrize(
    "value",
    [
        1.1,
        5,
        True,
        None,
        "",
        "1,5",
        "1e3",
        "+1",
        " 1",
        "1\n",
        "NaN",
        "Infinity",
        "٣",
        "1_0",
        "9" * 19,
    ],
)
def test_floats_and_other_ways_to_write_a_number_are_refused(value) -> None:
    assert refused(price=value) == ["decimal_string"]


def test_openapi_shows_both_as_patterned_strings() -> None:
    shown = Item.model_json_schema()["properties"]
    assert shown["id"]["pattern"] == f"^{typeid_pattern('item')}$"
    assert shown["price"]["type"] == "string"
    assert re.fullmatch(shown["price"]["pattern"], "119.00")
