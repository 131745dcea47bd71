"""Reading what Invx is deployed with: compose files, manifests, workflows, and commands in them."""

import json
import re
import shlex
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import typer
import yaml

from invx.cli.program import app
from tests.architecture.source import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
KUBERNETES = sorted(path.parent for path in DEPLOY.glob("kubernetes/*/kustomization.yaml"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# A name with a tag that says which; "latest" and its like say nothing.
PINNED = re.compile(r"[\w./-]+:v?\d[\w.-]*")
_SCHEMAS = "builtin_schemas/vendor"


def loaded(path: Path) -> Any:
    """One document."""
    return yaml.safe_load(path.read_text("utf-8"))


def parts_of(path: Path) -> dict[str, dict[str, Any]]:
    """What a compose file starts, by name."""
    found: dict[str, dict[str, Any]] = loaded(path)["services"]
    return found


def against(schema: str, document: Any) -> list[str]:
    """What the published schema objects to."""
    text = (files("check_jsonschema") / _SCHEMAS / f"{schema}.json").read_text("utf-8")
    check = jsonschema_rs.validator_for(json.loads(text))
    return [f"{list(each.instance_path)}: {each.message}" for each in check.iter_errors(document)]


def resources(folder: Path) -> list[dict[str, Any]]:
    """The resources that a kustomization names, those of the folders it builds on too."""
    found: list[dict[str, Any]] = []
    for name in loaded(folder / "kustomization.yaml")["resources"]:
        at = (folder / name).resolve()
        found += resources(at) if at.is_dir() else list(yaml.safe_load_all(at.read_text("utf-8")))
    return found


def pods(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and specification of every pod of a kustomization."""
    for each in resources(folder):
        if "template" in each.get("spec", {}):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """All of a pod, those that come first included."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def variables(container: dict[str, Any]) -> dict[str, str]:
    """What a container's own environment says."""
    return {each["name"]: each["value"] for each in container.get("env", [])}


def refusal(words: list[str], *, whole: bool = True) -> str | None:
    """Why the program would not take this command line; None if it would. Nothing is run.

    Unless it is `whole`, arguments may be missing: a page speaks of a command by its name.
    """
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    if getattr(command, "commands", None) and not rest and not command.invoke_without_command:
        return f"{' '.join(words)}: a command is missing" if whole else None
    try:
        context = command.make_context(command.name, rest)
    except Exception as error:  # noqa: BLE001 - whatever its parser raises is a refusal
        if type(error).__name__ == "MissingParameter" and not whole:
            return None
        return f"{' '.join(words)}: {type(error).__name__} {error}"
    left = [*getattr(context, "_protected_args", []), *context.args]
    return f"{' '.join(words)}: {left[0]} is no command" if left else None


# How a line of a shell calls the program, by what stands first.
_CALLS = {
    "kubectl": re.compile(r" -- invx (.+)"),
    "docker": re.compile(r" (?:exec \S+ invx|run --rm \S+) (.+)"),
    "": re.compile(r"(?:^|[\s/])invx (.+)"),
}
_ENDS = re.compile(r"&&|\||;|>")


def commands_in(text: str) -> Iterator[tuple[list[str], bool]]:
    """Command lines of the program in a page, and whether they are whole.

    Lines of shell blocks are; inline code names a command, with brackets around what may be left
    out. What an `…` stands for the reader knows.
    """
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for each in blocks for line in each.replace("\\\n", " ").splitlines()]
    for line in [*lines, *re.findall(r"`((?:docker|kubectl) [^`\n]+)`", text)]:
        for piece in _ENDS.split(line.partition(" #")[0]):
            kind = next(each for each in _CALLS if each in piece)
            if found := _CALLS[kind].search(piece):
                yield shlex.split(found[1]), True
    for named in re.findall(r"`invx ([a-z][^`\n]*)`", text):
        yield shlex.split(re.sub(r"[\[\]]", " ", named)), False
