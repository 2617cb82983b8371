"""Every five minutes: which message of a programme is due?"""

from airflow.sdk import dag

from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import nurture


@dag(**minute_dag(tags=["every-5-minutes", "nurture", "delivery"], every=5))
def send_nurture() -> None:
    """
    ### Which message is due?

    **What**: `enter` finds who entered a programme of `nurture.yaml`, or left it because leads were joined or
    an act was a machine's; `send` puts the messages that are due into `delivery.outbox`, after it asked for
    exits, consent, the frequency cap and the lead's quiet hours. `deliver_outbox` and the gateway send them,
    and ask again. **When**: every five minutes. **Connections**: `leadops_ma` (only its settings), and
    `LEADOPS_DATABASE_URL`.

    **When it is red**: messages come late, and are skipped once they are stale; nothing is sent twice. Read
    the log below *Task failed with exception*. An MA that is down does not make this DAG red: enrolments wait
    in the outbox, and those that are stale by then are withheld. By hand: `leadops nurture enter`,
    `leadops nurture send`. To stop all messages, pause this DAG: what is in the outbox still goes out.
    """
    enter, send = leadops_task(nurture.enter)(), leadops_task(nurture.send)()

    enter >> send


send_nurture()
