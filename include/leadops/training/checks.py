"""The check on training: did the newest training exclude a feature that looks like target leakage?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="champion")


@dataclass(frozen=True)
class RefusedFeature:
    """A feature that the newest training refused, and why."""

    decided_at: datetime
    facts: Mapping[str, Any]


def check_features(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the features that the newest training refused; one finding a feature."""
    return [
        fire("feature_refused", refused.facts, since=refused.decided_at)
        for refused in queries.all(connection, "list_refused_features", RefusedFeature)
    ]


CHECKS = (Check("training", ("feature_refused",), check_features),)
