"""The workflows: by their schema, with the same targets, and with no more rights than they need."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.deployment import COMPOSE, WORKFLOWS, against, loaded
from tests.architecture.source import ROOT

CI, RELEASE = (ROOT / f".github/workflows/{name}.yml" for name in ("ci", "release"))
TARGETS = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
every_file = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def workflow(file: Path) -> dict[str, Any]:
    """As YAML 1.2 reads it, where `on` is a word."""
    found = loaded(file)
    return {**{key: value for key, value in found.items() if key is not True}, "on": found[True]}


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = workflow(file)["jobs"].values()
    return [step for job in jobs for step in job.get("steps", [])]


def commands(file: Path) -> str:
    return "\n".join(step["run"] for step in steps(file) if "run" in step)


@every_file
def test_the_published_schema_takes_it(file: Path) -> None:
    assert against("github-workflows", workflow(file)) == []


def test_the_schema_would_object() -> None:
    broken = workflow(CI)
    broken["jobs"]["check"]["timeout"] = 3
    assert against("github-workflows", broken) != []


@every_file
def test_actions_are_pinned_and_keep_no_credentials(file: Path) -> None:
    for step in steps(file):
        if "uses" in step:
            assert re.search(r"[@:]v?\d[\w.]*$", step["uses"]), step["uses"]
            if step["uses"].startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@every_file
def test_what_others_may_write_never_becomes_a_command(file: Path) -> None:
    """Expressions reach shells through the environment only."""
    assert EXPRESSION.findall(commands(file)) == []


def test_an_expression_in_a_command_would_be_seen() -> None:
    assert EXPRESSION.findall("echo ${{ github.head_ref }}") == ["${{ github.head_ref }}"]


@every_file
def test_rights_are_given_job_by_job(file: Path) -> None:
    found = workflow(file)
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        assert "permissions" not in job or (file, name) == (RELEASE, "image")
        assert "timeout-minutes" in job or "uses" in job, name


@every_file
def test_every_job_that_is_waited_for_exists(file: Path) -> None:
    jobs = workflow(file)["jobs"]
    for job in jobs.values():
        needed = job.get("needs", [])
        assert ({needed} if isinstance(needed, str) else set(needed)) <= set(jobs)


def test_the_same_targets_run_as_on_anybodys_machine() -> None:
    called = set(re.findall(r"\bmake ([a-z]+)", commands(CI)))
    assert {"check", "test"} <= called <= TARGETS


def test_the_matrix_has_the_oldest_and_newest_python_and_every_postgresql() -> None:
    matrix = workflow(CI)["jobs"]["test"]["strategy"]["matrix"]
    oldest = re.search(r'requires-python = ">=(3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert oldest is not None
    assert matrix["python"][0] == oldest[1]
    assert len(matrix["python"]) == 2
    found = {each["postgresql"] for each in matrix["include"]}
    assert found == {"15", "16", "17", "18"}
    assert {each["python"] for each in matrix["include"]} == set(matrix["python"])


def test_what_is_audited_and_built_is_there() -> None:
    [audit] = [step for step in steps(CI) if "pip-audit" in step.get("uses", "")]
    for lock in audit["with"]["inputs"].split():
        assert (ROOT / lock).is_file()
    for name in re.findall(r"--file (\S+)", commands(CI)):
        assert ROOT / name in COMPOSE
    assert "docker build" in commands(CI)


def test_a_release_is_tested_before_and_says_what_is_in_it() -> None:
    jobs = workflow(RELEASE)["jobs"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert jobs["image"]["needs"] == "ci"
    assert "workflow_call" in workflow(CI)["on"]
    uses = " ".join(step.get("uses", "") for step in steps(RELEASE))
    assert "sbom-action" in uses
    assert "attest-build-provenance" in uses
    [build] = [step for step in steps(RELEASE) if "build-push" in step.get("uses", "")]
    assert build["with"]["sbom"] is True
