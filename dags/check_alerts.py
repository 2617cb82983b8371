"""Every minute: run every check, and bring Slack in line with the incidents."""

from typing import Any

from airflow.sdk import TriggerRule, dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import watch
from leadops.orchestration.defaults import minute_dag


@dag(**minute_dag(tags=["every-minute", "watch"]))
def check_alerts() -> None:
    """
    ### Is anything wrong?

    **What**: asks the CDP for its lag, runs every check (SLA clocks, queues, deliveries, dead letters, the
    funnel, training …), records incidents, and brings Slack up to date: one problem, one message. **When**:
    every minute. **Connections**: `leadops_cdp`, `leadops_slack`, and `LEADOPS_DATABASE_URL`.

    **When it is red**
    - *check red*: no new incident opens. `notify` still runs, so Slack shows what is on record, this failure
      included. Read the log below *Task failed with exception*; usually the database does not answer.
    - *notify red*: on-call gets no messages. `leadops incidents list` shows what is on record; the messages
      follow with the next good run.
    - *green, and the incident `check_failed` is open*: one check is broken and the others run. Its
      [page](docs/runbooks/check_failed.md) says what to do.

    A CDP, MA, CRM or Slack that is down does not make this DAG red.
    """

    @task
    @database_errors_in_one_line()
    def check() -> dict[str, Any]:
        """Ask the CDP for its lag, run every check, bring the incidents up to date."""
        return watch.run_all_checks(get_current_context())

    @task(trigger_rule=TriggerRule.ALL_DONE)
    @database_errors_in_one_line()
    def notify() -> dict[str, Any]:
        """Post, edit, escalate and resolve the Slack messages of the incidents, even when `check` failed."""
        return watch.notify(get_current_context())

    check() >> notify()


check_alerts()
