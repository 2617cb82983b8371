"""Every five minutes: a simulated visitor goes through every door."""

from airflow.sdk import dag

from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import canary


@dag(**minute_dag(tags=["every-5-minutes", "watch", "canary"], every=5))
def run_canary() -> None:
    """
    ### A simulated visitor goes through every door

    **What**: sends an event and a signed form of a simulated visitor to the gateway, watches them on their
    way to the points, the MA, the CRM, the feed and the warehouses, and puts on record how long each hop
    took. The visitor counts nowhere.
    **When**: every five minutes. **Connections**: `leadops_canary` (without it
    nothing is sent), `leadops_ma` and `leadops_crm` where `writes_to` of `canary.yaml` names them or they
    are the sandbox, and `LEADOPS_DATABASE_URL`.

    **When it is red**: nobody's data is concerned. Read the log below *Task failed with exception*: a missing
    secret of `leadops_canary`, or the database. A gateway, MA or CRM that is down does not make it red: the
    visit waits at its hop, and `check_alerts` opens the incident [canary_late](docs/runbooks/canary_late.md).

    By hand: `leadops canary run`; what the last day was like: `leadops canary show`.
    """
    leadops_task(canary.visit)()


run_canary()
