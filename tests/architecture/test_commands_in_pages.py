"""Every command that a page of operations or a deployment names is one that the program knows."""

from pathlib import Path

import pytest

from tests.architecture.deployment import (
    COMPOSE,
    KUBERNETES,
    commands_in,
    containers,
    parts_of,
    pods,
    refusal,
)
from tests.architecture.source import ROOT

FORMS = {("anchor", "1"), ("anchor", "object", "1")}  # what lines of a file begin with, no commands
PAGES = [ROOT / "docs/DEPLOYMENT.md", *sorted((ROOT / "docs/operations").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_program_knows_every_command_of_a_page(page: Path) -> None:
    named = commands_in(page.read_text("utf-8"))
    refused = [refusal(words, whole=whole) for words, whole in named if tuple(words) not in FORMS]
    assert [each for each in refused if each] == []


def test_the_pages_name_many_commands() -> None:
    named = [words for page in PAGES for words, _ in commands_in(page.read_text("utf-8"))]
    assert len(named) > 40
    assert {words[0] for words in named} >= {"migrate", "serve", "keys", "inbox", "gateway"}


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_the_program_knows_every_command_of_a_compose_file(file: Path) -> None:
    ours = [each for each in parts_of(file).values() if "invx" in each["image"].split(":")[0]]
    refused = [refusal(each["command"]) for each in ours]
    assert [each for each in refused if each] == []


@pytest.mark.parametrize("folder", KUBERNETES, ids=lambda folder: folder.name)
def test_the_program_knows_every_command_of_a_manifest(folder: Path) -> None:
    ours = [each for _, pod in pods(folder) for each in containers(pod) if each["image"] == "invx"]
    assert ours
    refused = [refusal(each["args"]) for each in ours]
    assert [each for each in refused if each] == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("`invx migrat`", "migrat is no command"),
        ("```sh\ninvx keys\n```", "a command is missing"),
        ("`kubectl -n invx exec deployment/identity -- invx key list`", "key is no command"),
        ("`docker compose run --rm migrate migrate --phase now --and`", "--and"),
        ("`invx migrate --faze pre`", "--faze"),
        ("```sh\ninvx republish --from invoicing\n```", "Missing parameter"),
        ("```sh\ndocker compose exec identity invx keys turn\n```\n", "turn is no command"),
    ],
)
def test_a_command_that_is_none_is_found(line: str, why: str) -> None:
    [(words, whole)] = commands_in(line)
    assert why in (refusal(words, whole=whole) or "")


def test_a_command_may_be_spoken_of_by_its_name() -> None:
    [(words, whole)] = commands_in("`invx republish` teaches")
    assert refusal(words, whole=whole) is None
    assert refusal(words) is not None


def test_commands_are_found_in_every_form_that_pages_use() -> None:
    page = (
        "Run `invx migrate [--phase pre]` first.\n"
        "```sh\ncd deploy && invx keys list | head\nsudo .venv/bin/invx doctor  # first\n"
        "kubectl exec x -- invx inbox \\\n  list\n```\n"
        "`docs/invx.md` and `make up` are none.\n"
    )
    assert sorted(commands_in(page)) == [
        (["doctor"], True),
        (["inbox", "list"], True),
        (["keys", "list"], True),
        (["migrate", "--phase", "pre"], False),
    ]
