"""Dashboards and alert rules name only what a running program shows, and what the docs explain."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from invx.infra import metrics
from tests.integration.infra.promql import named_in
from tests.integration.infra.test_classes_pools_locks import BOUNDS
from tests.world import Desk

ROOT = Path(__file__).parents[3]
FILES = ROOT / "deploy" / "observability"
BOARDS = sorted((FILES / "dashboards").glob("*.json"))
PAGE = ROOT / "docs" / "operations" / "observability.md"

SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
OF_PROMETHEUS = {"up"}  # it makes this one itself, and adds these labels
ADDED = {"job", "instance", "le"}
VARIABLES = {"$__rate_interval": "5m", "$route": ".*", "$tenant_class": ".*", "$context": ".*"}


def rules() -> list[dict[str, Any]]:
    said = yaml.safe_load((FILES / "alerts.yaml").read_text("utf-8"))
    assert set(said) == {"groups"}
    return [rule for group in said["groups"] for rule in group["rules"]]


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [
        (board.stem, panel)
        for board in BOARDS
        for panel in json.loads(board.read_text("utf-8"))["panels"]
    ]


def plain(expression: str) -> str:
    """As Grafana sends it, once its variables are filled in."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def expressions() -> list[tuple[str, str]]:
    """Every expression, with where it stands."""
    of_rules = [(rule["alert"], rule["expr"]) for rule in rules()]
    of_panels = [
        (f"{board}: {panel['title']} {target['refId']}", plain(target["expr"]))
        for board, panel in panels()
        for target in panel["targets"]
    ]
    return of_rules + of_panels


ALL = expressions()


def labels_of() -> dict[str, set[str]]:
    """The labels of each sample that the program's metrics can make."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            for suffix in SUFFIXES[metric._type]:
                found[metric._name + suffix] = set(metric._labelnames)
    return found


async def shown(desk: Desk) -> set[str]:
    """The samples that `/metrics` of a running program has, or would have once it counts."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(desk.world.app), base_url="http://invx.test"
    ) as machine:
        page = (await machine.get("/metrics")).text
    return {
        family.name + suffix
        for family in text_string_to_metric_families(page)
        for suffix in SUFFIXES.get(family.type, ())
    }


async def test_every_metric_of_a_panel_or_rule_is_shown_by_a_running_program(desk: Desk) -> None:
    await desk.invoice()
    await desk.world.settle()
    known = await shown(desk) | OF_PROMETHEUS
    missing = {where: named_in(text).metrics - known for where, text in ALL}
    assert {where: names for where, names in missing.items() if names} == {}
    assert len(ALL) > 60


@pytest.mark.parametrize(("where", "text"), ALL, ids=[where for where, _ in ALL])
def test_an_expression_parses_and_uses_labels_that_its_metrics_have(where: str, text: str) -> None:
    named, labels = named_in(text), labels_of()
    assert named.metrics, where
    ours = [labels[name] for name in named.metrics if name in labels]
    assert named.labels <= ADDED | set().union(*ours)
    for name in named.metrics & labels.keys():
        ranged = re.search(rf"(rate|increase)\([^()]*{name}\b", text) is not None
        counts = name.endswith(("_total", "_bucket", "_count", "_sum"))
        assert ranged == counts, f"{name}: a counter is looked at by its rate, a gauge as it is"


@pytest.mark.parametrize("name", sorted(labels_of()))
def test_every_metric_stands_on_the_page(name: str) -> None:
    page = PAGE.read_text("utf-8")
    stem = re.sub(r"_(bucket|count|sum)$", "", name)
    rows = [line for line in page.splitlines() if line.startswith("|") and f"`{stem}`" in line]
    assert len(rows) == 1
    for label in labels_of()[name]:
        assert label in rows[0], f"{name} has the label {label}"


def test_the_page_explains_no_metric_that_is_not_there() -> None:
    said = set(re.findall(r"`(invx_[a-z_]+)`", PAGE.read_text("utf-8")))
    known = {re.sub(r"_(bucket|count|sum)$", "", name) for name in labels_of()}
    assert said <= known
    assert len(said) > 30


def slug(heading: str) -> str:
    """The anchor of a heading, as Markdown on the web has it."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    lines = page.read_text("utf-8").splitlines()
    return {slug(line.lstrip("#")) for line in lines if line.startswith("#")}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"Invx[A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert anchor in anchors(ROOT / page)
    waits = re.fullmatch(r"\d+m", rule.get("for", "0m"))
    assert waits
    assert waits.group() != "0m" or "increase(" in rule["expr"], "a moment is no alert"


def by_of(expression: str) -> set[str]:
    """The labels that an alert has: of its grouping, or all of its metrics."""
    named, labels = named_in(expression), labels_of()
    if grouped := re.findall(r"\bby \(([^)]*)\)", expression):
        return {label.strip() for each in grouped for label in each.split(",")} - {"le"}
    if re.search(r"\bsum\(", expression):
        return set()
    return {"instance", "job"}.union(*(labels.get(name, set()) for name in named.metrics))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_summary_names_only_labels_that_the_alert_has(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert named <= by_of(rule["expr"])


def test_alerts_are_called_by_different_names_and_sections_of_the_page_are_used() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 15
    used = {rule["annotations"]["runbook_url"].partition("#")[2] for rule in rules()}
    text = PAGE.read_text("utf-8")
    sections = {slug(line[4:]) for line in text.splitlines() if line.startswith("### ")}
    assert sections <= used, "a section that no alert leads to"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_a_dashboard_is_one_that_grafana_can_place(board: Path) -> None:
    said = json.loads(board.read_text("utf-8"))
    assert said["uid"] == board.stem
    assert said["templating"]["list"][0]["name"] == "datasource"
    variables = {f"${each['name']}" for each in said["templating"]["list"]}
    ids, cells = [], set[tuple[int, int]]()
    for panel in said["panels"]:
        ids.append(panel["id"])
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        here = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not here & cells, "two panels on one place"
        cells |= here
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            used = set(re.findall(r"\$\w+", target["expr"])) - {"$__rate_interval"}
            assert used <= variables
            shown_labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert shown_labels <= by_of(plain(target["expr"]))
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_what_a_dashboard_lets_one_choose_is_a_label(board: Path) -> None:
    said = json.loads(board.read_text("utf-8"))
    for variable in said["templating"]["list"][1:]:
        metric, label = re.fullmatch(
            r"label_values\((\w+), (\w+)\)", variable["query"]["query"]
        ).groups()
        assert label in labels_of()[metric]
        assert label in BOUNDS


@pytest.mark.parametrize(
    ("text", "metrics_named", "labels_named"),
    [
        ("rate(a_total[5m])", {"a_total"}, set()),
        ('sum by (x) (rate(a_total{y="1"}[5m])) / on (z) b > 1', {"a_total", "b"}, {"x", "y", "z"}),
        ("(time() - max by (c) (d)) > 60 or -e > 1", {"d", "e"}, {"c"}),
        ("max_over_time(rate(f[1m])[1h:1m])", {"f"}, set()),
    ],
)
def test_metrics_and_labels_are_found_wherever_they_stand(
    text: str, metrics_named: set[str], labels_named: set[str]
) -> None:
    found = named_in(text)
    assert (found.metrics, found.labels) == (metrics_named, labels_named)


@pytest.mark.parametrize("text", ["rate(a[5m]", "sum by a (b)", "rate(a)", "a >", ""])
def test_what_is_no_promql_is_noticed(text: str) -> None:
    with pytest.raises(ValueError):
        named_in(text)


def test_a_planted_metric_or_label_would_be_noticed() -> None:
    assert "invx_outbox_lag" not in labels_of()
    assert "tenant" not in labels_of()["invx_http_requests_total"]
    assert slug("Back to a moment: `numbers`, again") == "back-to-a-moment-numbers-again"
    assert by_of("max by (context, chore) (x)") == {"context", "chore"}
