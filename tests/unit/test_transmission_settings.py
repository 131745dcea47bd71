"""Channels are the operator's: what the environment sets up, and nothing without it."""

from pathlib import Path

import pytest

from invx.contexts.invoicing.adapters.outside import Outside
from invx.contexts.invoicing.adapters.transmission.access_point import AccessPoint
from invx.contexts.invoicing.adapters.transmission.folder import Folder
from invx.settings import SettingInvalid, TransmissionSettings, read_settings

FOLDER = {"INVX_TRANSMISSION_FOLDER": "/srv/out", "INVX_TRANSMISSION_FOLDER_CLEARS": "1"}
POINT = {"INVX_ACCESS_POINT_URL": "https://ap.example/v1/", "INVX_ACCESS_POINT_TOKEN": "secret"}


def test_nothing_is_set_up_by_itself() -> None:
    assert read_settings({}).transmission == TransmissionSettings()
    assert Outside().channels() == {}


def test_the_environment_sets_channels_up() -> None:
    read = read_settings({**FOLDER, **POINT, "INVX_PRACTICE_AUTHORITY": "1"}).transmission
    assert (read.folder, read.folder_clears) == (Path("/srv/out"), True)
    assert (read.access_point_url, read.access_point_clears) == ("https://ap.example/v1", False)
    assert "secret" not in repr(read)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("INVX_ACCESS_POINT_URL", "ftp://ap.example"),
        ("INVX_ACCESS_POINT_CLEARS", "sometimes"),
        ("INVX_PRACTICE_AUTHORITY", "yes"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: text})


def test_each_channel_takes_what_it_is_for() -> None:
    channels = Outside(
        folder=Path("/srv/out"),
        folder_clears=True,
        access_point_url="https://ap.example",
        access_point_token="secret",
        practice_authority=True,
    ).channels()
    taken = {
        name: (each.channel.live, each.channel.test, each.channel.clears)
        for name, each in channels.items()
    }
    assert taken == {
        "folder": (True, True, True),
        "access_point": (True, False, False),
        "practice_authority": (False, True, True),
    }
    folder, point = channels["folder"].means, channels["access_point"].means
    assert isinstance(folder, Folder)
    assert folder.answers
    assert isinstance(point, AccessPoint)
    assert "secret" not in repr(channels["access_point"])
