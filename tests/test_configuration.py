"""Every setting and every variable is documented."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from leadops.alerts.alert_settings import AlertSettings
from leadops.attribution.attribution_settings import AttributionSettings
from leadops.company import Company
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.economics.economics_settings import EconomicsSettings
from leadops.events.event_settings import EventSettings
from leadops.funnel.funnel_settings import FunnelSettings
from leadops.gateway.gateway_settings import GatewaySettings
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.reports.report_settings import ReportSettings
from leadops.routing.routing_rules import RoutingRules
from leadops.scoring.rules import RuleSet
from leadops.settings import config_file, load_config
from leadops.sla.sla_policy import SlaPolicy
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.training.training_settings import TrainingSettings

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

MODELS: dict[str, type[BaseModel]] = {
    "alerts": AlertSettings,
    "attribution": AttributionSettings,
    "company": Company,
    "delivery": DeliverySettings,
    "economics": EconomicsSettings,
    "events": EventSettings,
    "funnel": FunnelSettings,
    "gateway": GatewaySettings,
    "identity": IdentitySettings,
    "kpi": KpiContract,
    "reports": ReportSettings,
    "routing": RoutingRules,
    "scoring": RuleSet,
    "sla": SlaPolicy,
    "thresholds": ThresholdSettings,
    "training": TrainingSettings,
}
VARIABLE = re.compile(r"\b(?:LEADOPS_[A-Z][A-Z_]*[A-Z]|AIRFLOW_CONN_LEADOPS_[A-Z]+)\b")


def test_every_file_has_a_model_and_a_line_in_the_docs() -> None:
    files = {path.stem for path in (ROOT / "include" / "leadops" / "config").glob("*.yaml")}
    assert files == set(MODELS)
    assert set(re.findall(r"\| `(\w+)\.yaml`", DOCS)) == files


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_defaults_are_valid(name: str) -> None:
    load_config(name, MODELS[name])  # type: ignore[type-var]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_setting_stands_in_its_file_with_a_comment(name: str) -> None:
    lines = config_file(name).read_text(encoding="utf-8").splitlines()
    tree = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    commented = {key for key, line in _keys(tree) if _has_comment(lines, line)}
    top = {key.value for key, _ in tree.value}
    assert set(MODELS[name].model_fields) <= top | commented, "a setting does not stand in the file"
    assert top <= commented, "a setting has no comment"


def _keys(node: yaml.Node) -> list[tuple[str, int]]:
    found = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found += [(key.value, key.start_mark.line), *_keys(value)]
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            found += _keys(value)
    return found


def _has_comment(lines: list[str], line: int) -> bool:
    """Whether the setting's paragraph has a comment above it, or the first line below it is one."""
    first = next((n + 1 for n in range(line - 1, -1, -1) if not lines[n].strip()), 0)
    last = line + 2 if lines[line].rstrip().endswith(":") else line + 1
    return any("#" in text for text in lines[first:last])


def test_every_variable_in_the_code_is_in_the_docs_and_the_other_way_round() -> None:
    used: set[str] = set()
    for folder in ("include", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != Path(__file__):
                used |= set(VARIABLE.findall(path.read_text(encoding="utf-8")))
    used |= set(VARIABLE.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    documented = set(VARIABLE.findall(DOCS))
    # Names built from a part of a name, such as AIRFLOW_CONN_LEADOPS_<NAME>, are no variables themselves.
    assert used - documented == set()
    assert documented - used == set()


def test_the_comparison_can_fail() -> None:
    assert VARIABLE.findall("os.environ['LEADOPS_NEW_THING'], LEADOPS_, AIRFLOW_CONN_LEADOPS_MA") == [
        "LEADOPS_NEW_THING",
        "AIRFLOW_CONN_LEADOPS_MA",
    ]
