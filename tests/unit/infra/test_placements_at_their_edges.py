"""Databases of tenants that have one of their own: names, URIs, and none of them twice."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.host import CONTEXTS
from invx.infra.placements import PlacementSettings, connection_arguments, placements_of
from invx.infra.postgres import POOLED
from invx.place import external_place, with_placements
from invx.settings import SettingInvalid, read_settings

LINES = Path(__file__).with_name("placement_uris.tsv").read_text("utf-8").splitlines()[1:]
ROWS = [line.split("\t") for line in LINES]
URI = "postgresql://app:secret@db/invx"
EXTERNAL = {
    "INVX_DATABASE_APP": "postgresql://app:a@db:6432/invx",
    "INVX_DATABASE_SYSTEM": "postgresql://system:b@db:6432/invx",
    "INVX_DATABASE_ADMIN": "postgresql://postgres:c@db:5432/invx",
}


@pytest.mark.parametrize(("uri", "means"), ROWS, ids=[uri or "nothing" for uri, _ in ROWS])
def test_a_uri_means_what_the_table_says(uri: str, means: str) -> None:
    if means == "refused":
        with pytest.raises(ValueError) as refused:
            connection_arguments(uri)
        assert "secret" not in str(refused.value)
        return
    found = connection_arguments(uri)
    values = (found[name] for name in ("host", "port", "user", "password", "database"))
    assert " ".join(str(each) or "-" for each in (*values, found.get("ssl", "-"))) == means
    assert set(found) - {"ssl"} == {"host", "port", "user", "password", "database"}


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)


@given(texts, st.text(max_size=20), texts, st.integers(1, 65_535))
def test_whatever_a_login_is_called_it_comes_out_of_its_uri(
    user: str, password: str, database: str, port: int
) -> None:
    logged = f"{quote(user, safe='')}:{quote(password, safe='')}"
    found = connection_arguments(f"postgresql://{logged}@db:{port}/{quote(database, safe='')}")
    assert (found["user"], found["password"]) == (user, password)
    assert (found["database"], found["port"]) == (database, port)


@pytest.mark.parametrize("name", ["a", "acme", "acme_2", "a" * 31])
def test_a_placement_is_a_database_of_this_server_by_its_name(name: str) -> None:
    assert placements_of({name: {"database": f"invx_{name[:20]}"}}) == {
        name: PlacementSettings(database=f"invx_{name[:20]}")
    }


@pytest.mark.parametrize(
    "name", ["", "pooled", "Acme", "2", "_a", "a-b", "a b", "a" * 32, "a\n", "ä", "a;b"]
)
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        placements_of({name: {"database": "x"}})
    if name != POOLED:  # a database may be called so
        with pytest.raises(ValueError):
            placements_of({"acme": {"database": name}})


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"app": URI},
        {"app": URI, "system": URI},
        {"app": URI, "system": URI, "admin": URI, "more": URI},
        {"app": URI, "system": URI, "admin": URI, "database": "x"},
        {"app": URI, "system": URI, "admin": "postgresql://db/secret"},
        {"app": URI, "system": "", "admin": URI},
        {"app": URI, "system": None, "admin": URI},
        {"app": URI, "system": 5, "admin": URI},
        {"database": None},
        {"database": 5},
        {"database": ["x"]},
        {"databases": "x"},
        "x",
        None,
        [URI],
    ],
)
def test_a_placement_that_is_none_is_refused_without_its_password(
    said: Any, tmp_path: Path
) -> None:
    path = tmp_path / "placements.json"
    path.write_text(json.dumps({"acme": said}))
    with pytest.raises(SettingInvalid, match="INVX_PLACEMENTS") as refused:
        read_settings({"INVX_PLACEMENTS": str(path)})
    assert "secret" not in f"{refused.value}{refused.value.detail}{refused.value!r}"


def placed(tmp_path: Path, said: Any) -> Any:
    path = tmp_path / "placements.json"
    path.write_text(json.dumps(said))
    settings = read_settings({**EXTERNAL, "INVX_PLACEMENTS": str(path)}).place
    return with_placements(external_place(settings), settings)


def uris(where: str) -> dict[str, str]:
    return {name: f"postgresql://{name}@{where}" for name in ("app", "system", "admin")}


def test_a_placement_on_this_server_differs_by_its_database_alone(tmp_path: Path) -> None:
    place = placed(tmp_path, {"acme": {"database": "invx_acme"}, "north": uris("db2/invx")})
    assert list(place.everywhere()) == ["pooled", "acme", "north"]
    acme, north = place.others["acme"], place.others["north"]
    assert acme.admin == {**place.admin, "database": "invx_acme"}
    assert acme.where.app == {**place.where.app, "database": "invx_acme"}
    assert acme.where.system == {**place.where.system, "database": "invx_acme"}
    assert [each["user"] for each in (north.admin, north.where.app, north.where.system)] == [
        *("admin", "app", "system"),
    ]
    assert set(place.where.others) == {"acme", "north"}
    assert place.where.others["north"].app["host"] == "db2"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"acme": {"database": "invx"}}, "pooled and acme"),
        ({"a": {"database": "one"}, "b": {"database": "one"}}, "a and b"),
        ({"a": uris("db2/one"), "b": uris("db2:5432/one")}, "a and b"),
        ({"a": uris("db/one"), "b": {"database": "one"}}, "a and b"),
        ({"a": uris("db:5432/invx")}, "pooled and a"),
    ],
)
def test_two_names_for_one_database_are_refused(tmp_path: Path, said: Any, named: str) -> None:
    """Each of its tenants would live in two places, and none could be moved or erased."""
    with pytest.raises(SettingInvalid, match=f"INVX_PLACEMENTS: {named} are the same database"):
        placed(tmp_path, said)


def test_one_name_on_two_servers_is_two_databases(tmp_path: Path) -> None:
    said = {"a": uris("db2/invx"), "b": uris("db3/invx"), "c": uris("db2:5433/invx")}
    assert len(placed(tmp_path, said).everywhere()) == 4


def split(tmp_path: Path, said: Any) -> Any:
    path = tmp_path / "contexts.json"
    path.write_text(json.dumps(said))
    return read_settings({"INVX_CONTEXT_DATABASES": str(path)}).place


def test_databases_of_all_contexts_need_no_other(tmp_path: Path) -> None:
    settings = split(tmp_path, {name: uris(f"{name}-db/own") for name in CONTEXTS})
    assert settings.external
    place = with_placements(external_place(settings), settings)
    assert {name: place.of(name).admin["host"] for name in CONTEXTS} == {
        name: f"{name}-db" for name in CONTEXTS
    }
    assert place.admin == place.of(CONTEXTS[0]).admin
    assert list(place.everywhere()) == ["pooled"]


def test_a_context_without_one_is_named(tmp_path: Path) -> None:
    settings = split(tmp_path, {"invoicing": uris("db/own")})
    with pytest.raises(SettingInvalid, match="names none for analytics, identity"):
        external_place(settings)


def test_databases_by_name_are_of_our_own_server(tmp_path: Path) -> None:
    said = {name: {"database": f"invx_{name}"} for name in CONTEXTS}
    assert not split(tmp_path, said).external
