"""Rules of the Dockerfile, and that each objects when it is broken."""

import re
from collections.abc import Callable

import pytest

from invx.infra.environment import Reader
from invx.settings import read_settings
from tests.architecture.source import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8")
Lines = list[tuple[str, str]]
Rule = Callable[[Lines], list[str]]


def instructions(text: str) -> Lines:
    """Instruction and what it says, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    said = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in said]


def last_stage(lines: Lines) -> Lines:
    start = max(n for n, (word, _) in enumerate(lines) if word == "FROM")
    return lines[start:]


def bases_are_pinned(lines: Lines) -> list[str]:
    """By a version, said where it is or by an argument with a default."""
    arguments = dict(rest.split("=", 1) for word, rest in lines if word == "ARG" and "=" in rest)
    found = []
    for word, rest in lines:
        if word == "FROM":
            image = re.sub(r"\$\{(\w+)\}", lambda m: arguments.get(m[1], ""), rest.split()[0])
            if not re.fullmatch(r"[\w./-]+:\d[\w.-]*\d[\w.-]*", image):
                found.append(image)
    return found


def ends_without_root(lines: Lines) -> list[str]:
    users = [rest for word, rest in last_stage(lines) if word == "USER"]
    return [] if users and re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]) else [str(users)]


def installs_by_hash(lines: Lines) -> list[str]:
    runs = " ".join(rest for word, rest in lines if word == "RUN")
    commands = re.split(r"&&|;", runs)
    installing = [each for each in commands if re.search(r"pip (install|sync)", each)]
    assert installing
    return [each for each in installing if "--require-hashes" not in each]


def has_no_packages_to_develop_with(lines: Lines) -> list[str]:
    copied = [rest for word, rest in lines if word == "COPY"]
    return [each for each in copied if re.search(r"dev\.txt|tests|^\. |^\.\s", each)]


def keeps_build_tools_behind(lines: Lines) -> list[str]:
    last = " ".join(rest for _, rest in last_stage(lines))
    return re.findall(r"apt-get|pip install|curl|wget|gcc|git ", last)


def says_how_it_is(lines: Lines) -> list[str]:
    said = dict(last_stage(lines))
    missing = [word for word in ("HEALTHCHECK", "VOLUME", "EXPOSE", "LABEL") if word not in said]
    if "/healthz" not in said.get("HEALTHCHECK", ""):
        missing.append("/healthz")
    return missing


def starts_without_a_shell(lines: Lines) -> list[str]:
    started = [(word, rest) for word, rest in lines if word in ("CMD", "ENTRYPOINT")]
    return [f"{word} {rest}" for word, rest in started if not rest.startswith("[")]


def adds_nothing_from_elsewhere(lines: Lines) -> list[str]:
    return [rest for word, rest in lines if word == "ADD" or (word == "COPY" and "http" in rest)]


def holds_no_secret(lines: Lines) -> list[str]:
    said = " ".join(rest for word, rest in lines if word in ("ENV", "ARG"))
    return re.findall(r"(?i)\w*(?:password|secret|token)\w*", said)


RULES: list[tuple[Rule, str, str]] = [
    (bases_are_pinned, "ARG PYTHON=3.11-slim-trixie", "ARG PYTHON=slim"),
    (bases_are_pinned, "FROM python:${PYTHON} AS build", "FROM python AS build"),
    (ends_without_root, "USER 10001:10001", "USER root"),
    (ends_without_root, "USER 10001:10001\n", ""),
    (installs_by_hash, "uv pip sync --python /app/bin/python --require-hashes", "uv pip sync"),
    (has_no_packages_to_develop_with, "requirements/base.txt ", "requirements/dev.txt "),
    (has_no_packages_to_develop_with, "COPY src/invx invx", "COPY . invx"),
    (keeps_build_tools_behind, "COPY LICENSE /app/LICENSE", "RUN apt-get install git"),
    (says_how_it_is, "VOLUME /var/lib/invx", ""),
    (says_how_it_is, "/healthz", "/"),
    (starts_without_a_shell, 'ENTRYPOINT ["invx"]', "ENTRYPOINT invx"),
    (adds_nothing_from_elsewhere, "COPY src/invx invx", "ADD src/invx invx"),
    (holds_no_secret, "PYTHONUNBUFFERED=1", "DATABASE_PASSWORD=invx"),
]


@pytest.mark.parametrize(
    "rule", dict.fromkeys(rule for rule, _, _ in RULES), ids=lambda rule: rule.__name__
)
def test_the_dockerfile_keeps_the_rule(rule: Rule) -> None:
    assert rule(instructions(TEXT)) == []


@pytest.mark.parametrize(("rule", "is_", "was"), RULES)
def test_the_rule_objects_when_it_is_broken(rule: Rule, is_: str, was: str) -> None:
    assert is_ in TEXT
    assert rule(instructions(TEXT.replace(is_, was))) != []


def test_what_is_copied_is_there_and_let_through() -> None:
    let = [line[1:] for line in IGNORED.splitlines() if line.startswith("!")]
    assert "*" in IGNORED.splitlines(), "nothing but what is let through"
    for word, rest in instructions(TEXT):
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source in let, source


def test_nothing_is_let_through_that_is_not_copied() -> None:
    copied = " ".join(rest for word, rest in instructions(TEXT) if word == "COPY")
    for line in IGNORED.splitlines():
        if line.startswith("!"):
            assert line[1:] in copied


def test_the_settings_of_the_image_are_those_that_the_program_reads() -> None:
    said = dict(re.findall(r"(INVX_\w+)=(\S+)", TEXT))
    settings = read_settings(said)
    assert (settings.serve.host, settings.serve.port) == ("0.0.0.0", 8000)
    assert settings.serve.drain_seconds == 5
    assert str(settings.place.home) == "/var/lib/invx"
    [volume] = [rest for word, rest in instructions(TEXT) if word == "VOLUME"]
    assert volume == str(settings.place.home)
    assert Reader(said).text("INVX_HOME", "") == volume
