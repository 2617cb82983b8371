"""The check on DAGs: which of those that failed or ran late have succeeded since?"""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding
from leadops.incidents.kinds import OPENED_BY_CALLBACKS
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class RecoveredDag:
    """An open incident of a DAG that has succeeded since."""

    kind: str
    subject: str
    succeeded_at: datetime


DAG_KINDS = tuple(sorted(OPENED_BY_CALLBACKS))


def check_dags(connection: Connection, given: CheckInput | None = None) -> list[CheckFinding]:  # noqa: ARG001
    """Return an ok finding for each open incident of a DAG that has succeeded since its last failure."""
    return [
        CheckFinding(recovered.kind, recovered.subject, "ok", recovered.succeeded_at)
        for recovered in queries.all(connection, "list_recovered_dags", RecoveredDag, kinds=list(DAG_KINDS))
    ]


CHECKS = (Check("dags", DAG_KINDS, check_dags, resolves_missing=False),)
