"""Placements as an operator names them: databases of this server, or of another by three URIs."""

from typing import Any

import pytest

from invx.infra.placements import PlacementSettings, connection_arguments, placements_of

URI = "postgresql://login:secret@db2:5433/invx"
THREE = {"app": URI, "system": URI, "admin": URI}


def test_a_database_of_the_same_server_is_called_by_its_name() -> None:
    assert placements_of({"acme": {"database": "invx_acme"}}) == {
        "acme": PlacementSettings(database="invx_acme")
    }


def test_a_database_elsewhere_has_three_uris() -> None:
    [found] = placements_of({"north": THREE}).values()
    assert found == PlacementSettings(None, URI, URI, URI)
    assert "secret" not in repr(found)


def test_there_may_be_none_and_many() -> None:
    assert placements_of({}) == {}
    many = {f"p{number}": {"database": f"d{number}"} for number in range(50)}
    assert list(placements_of(many)) == list(many)


@pytest.mark.parametrize(
    "name", ["", "pooled", "Acme", "1st", "a-b", "a b", "a" * 32, "acme\n", "größe", "../x", "a;b"]
)
def test_a_placement_has_a_plain_name_that_is_not_that_of_all(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        placements_of({name: {"database": "x"}})


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"database": ""},
        {"database": "x y"},
        {"database": 'x"; DROP DATABASE y'},
        {"database": "x", "app": URI},
        {"app": URI},
        {"app": URI, "system": URI},
        {**THREE, "more": URI},
        {**THREE, "admin": "http://login@db2/invx"},
        {**THREE, "admin": "postgresql://db2/invx"},
        {**THREE, "admin": "postgresql://login@db2"},
        {**THREE, "admin": "postgresql://login@db2:port/invx"},
    ],
)
def test_what_leads_to_no_database_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        placements_of({"acme": said})


@pytest.mark.parametrize("said", [None, 5, "acme", ["database"]])
def test_what_is_no_object_is_refused(said: Any) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        placements_of({"acme": said})


@pytest.mark.parametrize(
    "uri, expected",
    [
        (URI, ("db2", 5433, "login", "secret", "invx")),
        ("postgres://login@db2/invx", ("db2", 5432, "login", "", "invx")),
        ("postgresql://login@/invx", ("127.0.0.1", 5432, "login", "", "invx")),
        ("postgresql://a%40b:p%2Fw@h/d", ("h", 5432, "a@b", "p/w", "d")),
        ("postgresql://l@/d?host=/run/pg&port=6000", ("/run/pg", 6000, "l", "", "d")),
        ("postgresql://l@h:7000/d?port=6000", ("h", 6000, "l", "", "d")),
    ],
)
def test_a_uri_says_where_and_who(uri: str, expected: tuple[object, ...]) -> None:
    found = connection_arguments(uri)
    assert tuple(found[each] for each in ("host", "port", "user", "password", "database")) == (
        expected
    )
    assert "ssl" not in found


def test_a_uri_says_whether_it_is_encrypted() -> None:
    assert connection_arguments(f"{URI}?sslmode=verify-full")["ssl"] == "verify-full"
