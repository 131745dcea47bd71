"""A setting that is read from a file, as secrets are mounted."""

from pathlib import Path

import pytest

from invx.infra.environment import Reader, SettingInvalid


def test_a_value_is_read_from_the_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    read = Reader({"INVX_S3_SECRET_FILE": str(tmp_path / "secret")})
    assert read.optional("INVX_S3_SECRET") == "s3cret"
    read.refuse_unknown(frozenset())


def test_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    read = Reader({"INVX_X": "1", "INVX_X_FILE": str(tmp_path)})
    with pytest.raises(SettingInvalid, match="not both"):
        read.optional("INVX_X")


def test_a_file_that_cannot_be_read_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("none", "bytes"):
        with pytest.raises(SettingInvalid, match=r"INVX_X_FILE: .+ cannot be read"):
            Reader({"INVX_X_FILE": str(tmp_path / name)}).optional("INVX_X")


def test_a_file_for_a_setting_that_nobody_reads_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="INVX_NONE_FILE"):
        Reader({"INVX_NONE_FILE": "x"}).refuse_unknown(frozenset())
