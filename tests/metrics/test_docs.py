"""docs/metrics.md lists every metric as the code has it."""

import re
from pathlib import Path

from leadops.metrics.known_metrics import ALWAYS, FROM_DATABASE, KNOWN_METRICS, OF_GATEWAY
from leadops.metrics.metric import Metric

PAGE = Path(__file__).parents[2] / "docs/metrics.md"


def write_row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def test_the_page_lists_every_metric_as_it_is() -> None:
    rows = re.findall(r"^\| `leadops_.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [write_row(metric) for metric in (*ALWAYS, *FROM_DATABASE, *OF_GATEWAY)]


def test_names_say_type_and_unit() -> None:
    for metric in KNOWN_METRICS:
        assert metric.name.startswith("leadops_")
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert "seconds" not in metric.help or metric.name.endswith("_seconds"), metric.name
    assert len({metric.name for metric in KNOWN_METRICS}) == len(KNOWN_METRICS)
