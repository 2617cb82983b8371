"""What a metric is: its name, type, labels and meaning, once, for code and docs."""

from dataclasses import dataclass
from typing import Literal

MetricKind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True)
class Metric:
    """A metric as Prometheus names it: a counter with `_total`, its unit at the end of the name."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
