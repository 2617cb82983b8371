"""Alert rules and dashboard: promtool accepts them, each rule has tests, all they name is exported."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadops.metrics.known_metrics import KNOWN_METRICS
from tests.test_links import find_anchors

ROOT = Path(__file__).parents[2]
RULES = ROOT / "monitoring/prometheus/rules.yaml"
TESTS = ROOT / "monitoring/prometheus/rules_test.yaml"
SCRAPE = ROOT / "monitoring/prometheus/prometheus.yaml"
DASHBOARD = ROOT / "monitoring/grafana/leadops.json"

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="no promtool here (Debian: prometheus)"
)

#: What a histogram makes of its name, and the labels that Prometheus adds.
OF_HISTOGRAM, ADDED = ("_bucket", "_sum", "_count"), {"job", "instance"}
FROM_ELSEWHERE = {"up": set[str](), "process_resident_memory_bytes": set[str]()}


def list_known() -> dict[str, set[str]]:
    """The labels of each series that is exported, by its name."""
    known = dict(FROM_ELSEWHERE)
    for metric in KNOWN_METRICS:
        if metric.kind == "histogram":
            known |= {f"{metric.name}{end}": {*metric.labels, "le"} for end in OF_HISTOGRAM}
        else:
            known[metric.name] = set(metric.labels)
    return known


def list_rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def list_expressions() -> Iterator[tuple[str, str]]:
    """Each expression of the rules and the dashboard, with its place."""
    for rule in list_rules():
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def find_faults(expression: str, known: dict[str, set[str]]) -> list[str]:
    """What an expression names that nobody exports: series, and labels of a series."""
    faults = []
    for name, selector in re.findall(r"\b(leadops_\w+|process_\w+|up)\b(?:\{([^}]*)\})?", expression):
        if name not in known:
            faults.append(name)
            continue
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        faults += [f"{name}.{label}" for label in asked - known[name] - ADDED]
    names = set(re.findall(r"\b(leadops_\w+|process_\w+|up)\b", expression)) & known.keys()
    grouped = {
        word for labels in re.findall(r"\bby \(([^)]*)\)", expression) for word in re.split(r",\s*", labels)
    }
    faults += [f"by {label}" for label in grouped - set().union(*(known[name] for name in names)) - ADDED]
    return faults


def test_rules_and_dashboard_name_only_what_is_exported() -> None:
    known = list_known()
    faults = [(place, fault) for place, text in list_expressions() for fault in find_faults(text, known)]
    assert faults == []
    assert len(list(list_expressions())) > 35


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(text for _, text in list_expressions())
    assert [metric.name for metric in KNOWN_METRICS if metric.name not in shown] == []


def test_the_search_can_fail() -> None:
    known = {"leadops_a": {"x"}}
    assert find_faults('max by (y) (leadops_a{z="1",job="j"}) + leadops_b', known) == [
        "leadops_a.z",
        "leadops_b",
        "by y",
    ]


def run_promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_accepts_rules_and_settings() -> None:
    run_promtool("check", "rules", str(RULES))
    run_promtool("check", "config", "--syntax-only", str(SCRAPE))


@needs_promtool
def test_the_tests_of_the_rules_pass() -> None:
    run_promtool("test", "rules", str(TESTS))


@needs_promtool
def test_the_expressions_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": text.replace("$__rate_interval", "5m")}
        for number, (_, text) in enumerate(list_expressions())
    ]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run_promtool("check", "rules", str(path))


def test_each_rule_is_tested_while_it_fires_and_while_it_does_not() -> None:
    cases = [
        case
        for test in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    rests = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert fires == rests == {rule["alert"] for rule in list_rules()}


def test_each_rule_leads_to_a_runbook() -> None:
    for rule in list_rules():
        name, _, anchor = rule["annotations"]["runbook"].partition("#")
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not anchor or anchor in find_anchors(text), rule["alert"]


def test_the_dashboard_can_be_imported_anywhere() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, f"{panel['title']} lies over another"
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${source}"
            assert panel["description"]
    assert [variable["name"] for variable in board["templating"]["list"]] == ["source"]
