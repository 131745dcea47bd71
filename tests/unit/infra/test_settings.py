"""Settings: read once, misspelt ones found, no half of a database."""

from pathlib import Path

import pytest

from invx.settings import SettingInvalid, connection_arguments, read_settings

DSNS = {
    "INVX_DATABASE_APP": "postgresql://invx_app:a@db/invx",
    "INVX_DATABASE_SYSTEM": "postgresql://invx_system:s@db/invx",
    "INVX_DATABASE_ADMIN": "postgresql://postgres:p@db/invx",
}


def test_without_variables_everything_has_a_default() -> None:
    settings = read_settings({"PATH": "/bin"})
    assert (settings.serve.host, settings.serve.port) == ("127.0.0.1", 8000)
    assert not settings.place.external
    assert settings.auth.jwks == Path(".invx/jwks.json")


def test_variables_are_read() -> None:
    settings = read_settings(
        {
            "INVX_PORT": "9000",
            "INVX_HOME": "/srv/x",
            "INVX_HTTPS_ONLY": "true",
            "INVX_RENDERERS": "",
        }
    )
    assert settings.serve.port == 9000
    assert settings.place.home == Path("/srv/x")
    assert settings.auth.jwks == Path("/srv/x/jwks.json")
    assert settings.http.https_only
    assert settings.renderers == 2, "an empty variable is none"


def test_a_variable_that_nobody_reads_is_named() -> None:
    with pytest.raises(SettingInvalid, match="INVX_PROT") as refused:
        read_settings({"INVX_PROT": "1", "INVX_HOSTS": "x"})
    assert [problem.pointer for problem in refused.value.problems] == ["INVX_HOSTS", "INVX_PROT"]


@pytest.mark.parametrize(
    "name,text", [("INVX_PORT", "80a"), ("INVX_PORT", "-1"), ("INVX_HTTPS_ONLY", "yes")]
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: text})


def test_all_three_connections_are_given_together() -> None:
    assert read_settings(DSNS).place.external
    for name in DSNS:
        with pytest.raises(SettingInvalid, match="together"):
            read_settings({key: text for key, text in DSNS.items() if key != name})


@pytest.mark.parametrize(
    "dsn,expected",
    [
        (
            "postgresql://u:p@db:6432/invx",
            {"host": "db", "port": 6432, "user": "u", "password": "p", "database": "invx"},
        ),
        (
            "postgresql://u%40x:p%2F%3A@[::1]/invx?sslmode=require",
            {"host": "::1", "port": 5432, "user": "u@x", "password": "p/:", "ssl": "require"},
        ),
        ("postgresql://u@/invx?host=/run/pg&port=5433", {"host": "/run/pg", "port": 5433}),
    ],
)
def test_a_connection_is_taken_apart(dsn: str, expected: dict[str, object]) -> None:
    assert expected.items() <= connection_arguments(dsn).items()
