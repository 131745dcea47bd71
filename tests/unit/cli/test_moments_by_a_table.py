"""What operators type to `restore` and `numbers reconcile`, and what the doctor says of storages.

The table of moments was computed by hand from ISO 8601: the hour less its offset, in UTC.
"""

import csv
from datetime import UTC
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.cli.findings.finding import Finding, Level
from invx.cli.findings.storage import storage
from invx.cli.ground import ArgumentInvalid
from invx.cli.numbers import _stated, _without_strangers
from invx.cli.restore import _moment
from invx.contexts.invoicing.adapters.reconciling import Reconciled
from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid
from invx.settings import read_settings

with Path(__file__).with_name("moments.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_a_moment_is_what_the_table_says(row: dict[str, str]) -> None:
    if row["moment"] == "refused":
        with pytest.raises(ArgumentInvalid, match="no moment such as"):
            _moment(row["text"])
        return
    moment = _moment(row["text"])
    assert moment is not None
    assert moment.utcoffset() is not None
    assert f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" == row["moment"]


@given(st.uuids(), st.sampled_from(["2026", "2026-11", "all"]), st.integers(0, 10**10))
def test_a_stated_number_is_read_as_it_is_written(series: UUID, period: str, number: int) -> None:
    name = typeid("ser", series)
    assert _stated(f"{name}/{period}={number}") == (series, period, number)
    assert _stated(f"{name}={number}") == (series, "all", number)
    assert _stated(f"{name}/={number:012}") == (series, "all", number)


NAME = typeid("ser", UUID(int=7))


@pytest.mark.parametrize(
    "text",
    [
        NAME,
        f"{NAME}=",
        f"{NAME}/2026",
        f"{NAME}/2026=",
        f"{NAME}/2026=-1",
        f"{NAME}/2026=+1",
        f"{NAME}/2026=1.5",
        f"{NAME}/2026=1 234",
        f"{NAME}/2026=1,234",
        f"{NAME}/2026=1_234",
        f"{NAME}/2026=RE-1234",
        f"{NAME}/2026=1=2",
        f"{NAME}/2026=²",
        f"{NAME.replace('ser', 'tnt')}=5",
        f"{NAME[:-1]}=5",
        f"{NAME}x=5",
        f" {NAME}=5",
        "=5",
        "/2026=5",
        "nothing=5",
    ],
)
def test_what_does_not_state_a_series_and_a_number_is_refused(text: str) -> None:
    """A slip here would have numbers given twice, so nothing is guessed."""
    with pytest.raises(DomainError):
        _stated(text)


def test_a_stated_series_of_another_tenant_is_not_reported_as_gone() -> None:
    mine, lost = UUID(int=1), UUID(int=2)
    gone = OutsideCount(5, 5)
    here = Reconciled(mine, "S", {"2026": 5})
    found = [here, Reconciled(mine, "", {}, gone=gone), Reconciled(lost, "", {}, gone=gone)]
    assert _without_strangers(found, [(mine, "2026", 5)]) == [here, found[2]]
    assert _without_strangers(found, []) == found


def findings(**variables: str) -> list[Finding]:
    return list(storage(read_settings(variables)))


def test_the_database_needs_no_look() -> None:
    [found] = findings()
    assert (found.level, found.seen) == (Level.OK, "the database takes new files")


def test_each_place_is_written_read_and_emptied_again(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    new, old = findings(INVX_STORAGE=f"folder:{folder}", INVX_STORAGE_ALSO="database")
    assert (new.level, old.level) == (Level.OK, Level.OK)
    assert new.seen == f"folder:{folder} takes new files; it was written, read and deleted there"
    assert old.seen == "the database keeps older files"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_the_place_of_older_files_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"a file is no folder")
    new, old = findings(INVX_STORAGE_ALSO=f"folder:{tmp_path}/files")
    assert (new.level, old.level) == (Level.OK, Level.FAIL)
    assert str(tmp_path) in old.seen
    assert "write, read and delete" in old.remedy


def test_a_server_that_is_not_there_fails_and_names_no_secret() -> None:
    [found] = findings(
        INVX_STORAGE="s3://invoices/invx",
        INVX_S3_ENDPOINT="http://127.0.0.1:1",
        INVX_S3_KEY_ID="the-key",
        INVX_S3_SECRET="the-secret",
    )
    assert found.level is Level.FAIL
    assert "s3://invoices/invx" in found.seen
    assert "the-key" not in found.seen + found.remedy
    assert "the-secret" not in found.seen + found.remedy
