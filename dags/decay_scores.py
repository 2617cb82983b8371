"""Every night: behaviour of long ago is worth less."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import nightly
from leadops.orchestration.defaults import daily_dag


@dag(**daily_dag(tags=["every-day", "scoring"]))
def decay_scores() -> None:
    """
    ### Behaviour of long ago is worth less

    **What**: takes from each lead the points that its behaviour has lost by the end of the day, as rows of
    kind `decay`; how fast they fade is set in `scoring.yaml`. The changes go to the MA behind the live ones.
    **When**: at midnight of the company's zone, for the day that has ended. **Connections**: none but
    `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. Scores stay as they were the night
    before; the next good run makes up for all nights that were missed. `leadops decay --dry-run` shows what
    it would do.

    **Backfill**: not needed. A day that was left out, done twice or out of order makes no difference, and a
    day before the last one done changes nothing.
    """

    @task
    @database_errors_in_one_line()
    def decay() -> dict[str, Any]:
        """Write what has faded since the last night; only leads that lose a point are looked at."""
        return nightly.decay(get_current_context())

    decay()


decay_scores()
