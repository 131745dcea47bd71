"""TypeIDs against the vectors of their specification (version 0.3, valid.yml and invalid.yml)."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.ids import MalformedId, named_id, parse_typeid, typeid

VALID = [
    ("prefix", "00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
    ("prefix", "00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
    ("prefix", "0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"),
    ("prefix", "0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
    ("prefix", "00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
    ("prefix", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ("prefix", "0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
    ("prefix", "01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("pre_fix", "00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
]
INVALID = [
    "PREFIX_00000000000000000000000000",
    "12345_00000000000000000000000000",
    "pre.fix_00000000000000000000000000",
    "préfix_00000000000000000000000000",
    "  prefix_00000000000000000000000000",
    "prefix_00000000000000000000000000 ",
    "_00000000000000000000000000",
    "_",
    "",
    "prefix_",
    "prefix_1234567890123456789012345",
    "prefix_123456789012345678901234567",
    "prefix_1234567890123456789012345 ",
    "prefix_0123456789ABCDEFGHJKMNPQRS",
    "prefix_123456789-123456789-123456",
    "prefix_ooooooiiiiiiuuuuuuulllllll",
    "prefix_i23456789ol23456789oi23456",
    "prefix_123456789-0123456789-0123456",
    "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "_prefix_00000000000000000000000000",
    "prefix__00000000000000000000000000",
]


@pytest.mark.parametrize("prefix,suffix,uuid", VALID)
def test_valid_vectors_are_read_and_written(prefix: str, suffix: str, uuid: str) -> None:
    assert typeid(prefix, UUID(uuid)) == f"{prefix}_{suffix}"
    assert parse_typeid(prefix, f"{prefix}_{suffix}") == UUID(uuid)


@pytest.mark.parametrize("text", INVALID)
def test_invalid_vectors_are_refused(text: str) -> None:
    with pytest.raises(MalformedId):
        parse_typeid("prefix", text)


@given(st.uuids())
def test_every_id_comes_back(value: UUID) -> None:
    assert parse_typeid("inv", typeid("inv", value)) == value


@given(st.uuids(), st.uuids())
def test_ids_sort_as_their_texts_do(one: UUID, other: UUID) -> None:
    assert (one < other) == (typeid("inv", one) < typeid("inv", other))


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(MalformedId) as refused:
        parse_typeid("inv", typeid("ser", UUID(int=1)))
    assert refused.value.code == "malformed_id"


@given(st.uuids(), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_has_the_id_that_the_standard_gives_it(namespace: UUID, name: str) -> None:
    assert named_id(namespace, name) == uuid5(namespace, name)
    assert named_id(namespace, name).version == 5
