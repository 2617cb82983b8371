"""When a change waits: ask a human whether it may move many leads."""

from airflow.sdk import dag

from leadops.orchestration.approval import ChangeApproval
from leadops.orchestration.check_and_ask import QUESTION
from leadops.orchestration.defaults import asking_dag
from leadops.orchestration.tasks.changes import ANSWER_WITHIN


@dag(**asking_dag(QUESTION, tags=["when-asked", "scoring"], waits=ANSWER_WITHIN))
def approve_changes() -> None:
    """
    ### A change that moves many leads waits for a human

    **What**: asks whether changed settings may take effect that would give many leads another grade, or make
    many MQLs. **When**: `check_alerts` found such a change; one run asks about one change. **Connections**:
    only `LEADOPS_DATABASE_URL`; `check_alerts` announces the question in Slack.

    **When approve waits**: *Required actions* on the run's page shows what would change, with five leads.
    `Approve` puts the settings in force on all machines within a minute, `Reject` keeps the former ones.
    Without an answer within four days this question closes, and the change waits on:
    `leadops changes approve HASH` or `leadops changes reject HASH` decides at any time. An answer to a change
    that was decided or withdrawn meanwhile does nothing; the log says so.

    **When it is red**: read the log below *Task failed with exception*; usually the database did not answer.
    Clear the task: it asks the same question again. Nothing takes effect without an answer.
    """
    ChangeApproval(
        task_id="approve",
        subject="Change the settings?",
        defaults="Reject",
        response_timeout=ANSWER_WITHIN,
        doc_md="Ask a human about a change that waits; skipped if there is none.",
    )


approve_changes()
