"""Secrets that are kept to be read again: only with the key, only where they belong."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invx.infra.encryption import SecretDamaged, SecretKey, create_secret_key
from invx.infra.tokens import KeyMissing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_secret_key(tmp_path / "home" / "secret-key")
    return tmp_path / "home" / "secret-key"


def test_what_is_encrypted_can_be_read_again_also_by_another_process(path: Path) -> None:
    stored = SecretKey(path).encrypt("JBSWY3DPEHPK3PXP", about="totp 1")
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert SecretKey(path).decrypt(stored, about="totp 1") == "JBSWY3DPEHPK3PXP"


def test_the_same_secret_never_looks_the_same(path: Path) -> None:
    key = SecretKey(path)
    assert len({key.encrypt("same", about="x") for _ in range(20)}) == 20


def test_somebody_elses_place_a_changed_byte_and_another_key_are_refused(
    path: Path, tmp_path: Path
) -> None:
    key = SecretKey(path)
    stored = key.encrypt("secret", about="totp 1")
    create_secret_key(tmp_path / "other")
    wrong = [
        (key, stored, "totp 2"),
        (key, stored[:-6] + ("AAAAAA" if stored[-6:] != "AAAAAA" else "BBBBBB"), "totp 1"),
        (key, stored[:20], "totp 1"),
        (key, "v1.", "totp 1"),
        (key, "no base 64 at all!", "totp 1"),
        (SecretKey(tmp_path / "other"), stored, "totp 1"),
    ]
    for reader, text, about in wrong:
        with pytest.raises(SecretDamaged):
            reader.decrypt(text, about=about)


def test_the_file_is_its_owners_only_and_is_never_overwritten(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    create_secret_key(path)
    assert path.read_bytes() == before


def test_of_many_who_make_it_at_once_one_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "secret-key"
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(create_secret_key, path) for _ in range(40)]:
            done.result()
    assert list(tmp_path.iterdir()) == [path]
    assert SecretKey(path).decrypt(SecretKey(path).encrypt("s", about="a"), about="a") == "s"


@pytest.mark.parametrize("content", ["", "short", "!!!!", "ä" * 43])
def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret-key"
    path.write_text(content)
    for reader in (SecretKey(path), SecretKey(tmp_path / "nowhere")):
        with pytest.raises(KeyMissing):
            reader.encrypt("s", about="a")
