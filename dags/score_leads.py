"""Every minute: events become score changes in the MA, and leads become MQLs with an owner."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import minute
from leadops.orchestration.defaults import minute_dag


@dag(**minute_dag(tags=["every-minute", "scoring"]))
def score_leads() -> None:
    """
    ### Events become score changes in the MA

    **What**: finds the lead behind each new event, writes the points it earns into the ledger, pushes the
    changes to the MA, decides who becomes MQL, and gives each new MQL an owner. **When**: every minute; a
    minute that was skipped needs no run of its own, because each task takes whatever has not been taken yet.
    **Connections**: `leadops_ma`, `leadops_crm`, `leadops_slack`, and `LEADOPS_DATABASE_URL`.

    **When it is red**
    - *one run, then green again*: nothing to do, nothing was lost.
    - *resolve or score red again and again*: read the log below *Task failed with exception*. A setting that
      is wrong is named with file and line; correct it, the next run goes on.
    - *push green, but nothing arrives in the MA*: the log says why (down, asked us to wait, credentials). All
      changes stay on record and follow by themselves. Dead letters: `leadops dead-letters list`.
    - *assign red*: new MQLs are in the CRM without an owner. `routing.yaml` is wrong (the log names the line;
      `leadops routing lint` checks it); the next good run routes them. Why a lead went where:
      `leadops routing why LEAD`. A Slack that is down does not make it red.
    - *in doubt about the numbers*: `leadops audit`.

    **Backfill**: `airflow backfill create --dag-id score_leads --from-date … --to-date …` scores the events
    received in those minutes under today's rules and pushes only the difference, behind live changes. Run
    again, it changes nothing.
    """

    @task
    @database_errors_in_one_line()
    def resolve() -> dict[str, Any]:
        """Find the lead behind every waiting event; a new email makes a lead."""
        return minute.resolve(get_current_context())

    @task
    @database_errors_in_one_line()
    def score() -> dict[str, Any]:
        """Write the points that the rules give, as differences to what the ledger has."""
        return minute.score(get_current_context())

    @task
    @database_errors_in_one_line()
    def push() -> dict[str, Any]:
        """Send new leads and score changes to the MA, each exactly once."""
        return minute.push(get_current_context())

    @task
    @database_errors_in_one_line()
    def qualify() -> dict[str, Any]:
        """Record who became MQL, SAL, SQL, won or lost; bring new MQLs to the CRM."""
        return minute.qualify()

    @task
    @database_errors_in_one_line()
    def assign() -> dict[str, Any]:
        """Give each new MQL an owner, empty the queues, let late leads move on; tell the owners."""
        return minute.assign(get_current_context())

    qualified = qualify()
    resolve() >> score() >> [push(), qualified]
    qualified >> assign()


score_leads()
