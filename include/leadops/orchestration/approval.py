"""Asks a human in Airflow about a large step of the threshold; without an answer it is rejected."""

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration.airflow_run import read_run
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.tasks import thresholds

if TYPE_CHECKING:
    from leadops.thresholds.apply_threshold import ApprovalAnswer


class ThresholdApproval(ApprovalOperator):  # type: ignore[misc]  # its base is Any to the checker
    """Waits for a human if the day's proposal needs one; is skipped if it does not.

    The answer is recorded in lifecycle.thresholds before Airflow goes on, so that a task that is killed
    afterwards finds it there.
    """

    def execute(self, context: Any) -> Any:
        """Ask, or skip."""
        if not self.ask(context):
            raise AirflowSkipException("nothing to ask")
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer; go on, or skip what follows."""
        if "error" not in event:
            self.record_answer(context, event)
        return super().execute_complete(context, event)

    @database_errors_in_one_line()
    def ask(self, context: Any) -> bool:
        """Say whether a human has to be asked."""
        return thresholds.ask(read_run(context))

    @database_errors_in_one_line()
    def record_answer(self, context: Any, event: dict[str, Any]) -> None:
        """Record the answer. Without an approval the rest is skipped, and the run has succeeded."""
        answer: ApprovalAnswer = "unanswered"
        if event.get("chosen_options") == ["Approve"]:
            answer = "approved"
        elif event.get("responded_by_user"):
            answer = "rejected"
        run = read_run(context)
        thresholds.note_answer(run, answer)
        if answer != "approved":
            with run.open_database() as connection:
                note_success(connection, run, deciding=(run.task_id,))
