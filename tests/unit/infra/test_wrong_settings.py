"""A setting that cannot be is refused at start, by the name of its variable, and never shown."""

import pytest

from invx.place import external_place
from invx.settings import SettingInvalid, read_settings

GOOD = {
    "INVX_DATABASE_APP": "postgresql://invx_app:a-secret@db/invx",
    "INVX_DATABASE_SYSTEM": "postgresql://invx_system:b-secret@db/invx",
    "INVX_DATABASE_ADMIN": "postgresql://postgres:c-secret@db/invx",
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("INVX_LOG_LEVEL", "loud"),
        ("INVX_PORT", "65536"),
        ("INVX_PORT", "99999999999"),
        ("INVX_RENDERERS", "0"),
        ("INVX_TOKEN_LIFETIME_SECONDS_MAX", "0"),
        ("INVX_TOKEN_LIFETIME_SECONDS_MAX", "5m"),
        ("INVX_LOG_TEXT", "maybe"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: text})


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize(
    "uri",
    [
        "db/invx",
        "mysql://u:a-secret@db/invx",
        "postgresql://u:a-secret@db",
        "postgresql://u:a-secret@db:port/invx",
        "postgresql://u:a-secret@db:99999/invx",
        "postgresql://u:a-secret@[::1/invx",
        "postgresql://db/invx",
        "postgresql://u:a-secret@/invx?host=/run/pg&port=x",
    ],
)
def test_a_connection_that_is_none_is_refused_by_name_and_without_its_password(
    name: str, uri: str
) -> None:
    with pytest.raises(SettingInvalid, match=name) as refused:
        read_settings({**GOOD, name: uri})
    assert "a-secret" not in refused.value.detail
    assert "a-secret" not in repr(refused.value)


def test_what_is_accepted_can_be_connected_to() -> None:
    place = external_place(read_settings({**GOOD, "INVX_LOG_LEVEL": "WARNING"}).place)
    assert place.where.app["user"] == "invx_app"
    assert place.where.system["password"] == "b-secret"
    assert place.admin["database"] == "invx"
