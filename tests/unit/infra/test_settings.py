"""Settings: read once, misspelt ones found, no half of a database."""

from pathlib import Path

import pytest

from invx.infra.placements import connection_arguments
from invx.settings import SettingInvalid, read_settings

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


@pytest.mark.parametrize(
    "said,expected",
    [
        ({}, False),
        ({"INVX_PUBLIC_URL": "http://invoices.example"}, False),
        ({"INVX_PUBLIC_URL": "https://invoices.example"}, True),
        ({"INVX_PUBLIC_URL": "https://invoices.example", "INVX_HTTPS_ONLY": "0"}, True),
        ({"INVX_PUBLIC_URL": "http://invoices.example", "INVX_HTTPS_ONLY": "1"}, True),
    ],
)
def test_who_is_reached_by_https_tells_browsers_so(said: dict[str, str], expected: bool) -> None:
    assert read_settings(said).http.https_only is expected


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


@pytest.mark.parametrize(
    ("chosen", "sign_up", "invited"),
    [("open", True, True), ("invitation", False, True), ("closed", False, False)],
)
def test_who_gets_an_account_is_one_choice(chosen: str, sign_up: bool, invited: bool) -> None:
    identity = read_settings({"INVX_SIGN_UP": chosen}).identity
    assert (identity.sign_up_open, identity.invited_open) == (sign_up, invited)


OIDC = {
    "INVX_OIDC_NAME": "SSO",
    "INVX_OIDC_ISSUER": "https://login.example/",
    "INVX_OIDC_CLIENT_ID": "invx",
    "INVX_OIDC_CLIENT_SECRET": "known to both",
}


def test_a_provider_is_named_whole_and_its_issuer_kept_to_the_letter() -> None:
    provider = read_settings(OIDC).identity.provider
    assert provider is not None
    assert (provider.name, provider.issuer) == ("SSO", "https://login.example/")
    assert "known to both" not in repr(read_settings(OIDC))
    assert read_settings({}).identity.provider is None


@pytest.mark.parametrize("missing", OIDC)
def test_half_a_provider_is_refused(missing: str) -> None:
    with pytest.raises(SettingInvalid, match="INVX_OIDC_CLIENT_SECRET together"):
        read_settings({name: text for name, text in OIDC.items() if name != missing})


@pytest.mark.parametrize("name", ["INVX_OIDC_ISSUER", "INVX_PUBLIC_URL"])
def test_what_is_no_address_is_refused(name: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({**OIDC, name: "login.example"})


def test_the_public_url_ends_without_a_slash() -> None:
    settings = read_settings({"INVX_PUBLIC_URL": "https://invoices.example/"})
    assert settings.identity.public_url == "https://invoices.example"
