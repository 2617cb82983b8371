"""The check on warehouses: does a copy of a mart differ from PostgreSQL?"""

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.warehouse.partition_differences import list_differences


def check_differences(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Return a finding for each month of a mart that is on record as different in a target."""
    return [
        fire(
            "warehouse_differs",
            {
                "target": difference.target,
                "mart": difference.mart,
                "partition": difference.partition,
                "own_rows": difference.own_rows,
                "their_rows": difference.their_rows,
            },
            since=difference.found_at,
        )
        for difference in list_differences(connection)
    ]


CHECKS = (Check("warehouse", ("warehouse_differs",), check_differences),)
