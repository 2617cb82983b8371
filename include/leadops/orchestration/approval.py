"""Asks a human in Airflow: about a large step of the threshold, and about a change that waits."""

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration.airflow_run import read_run
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.tasks import changes, thresholds

if TYPE_CHECKING:
    from leadops.changes.answer_change import ChangeAnswer
    from leadops.orchestration.run import TaskRun
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


class ChangeApproval(ApprovalOperator):  # type: ignore[misc]  # its base is Any to the checker
    """Asks about the oldest change that waits, and is skipped if there is none.

    The answer takes effect in the database before Airflow goes on. Without one the change waits on.
    """

    def execute(self, context: Any) -> Any:
        """Ask, or skip."""
        question = self.ask(context)
        if question is None:
            raise AirflowSkipException("nothing to ask")
        self.subject, self.body = question
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer of a human."""
        if "error" not in event:
            self.record_answer(context, event)
        return super().execute_complete(context, event)

    @database_errors_in_one_line()
    def ask(self, context: Any) -> changes.ChangeQuestion | None:
        """Return what to ask."""
        run = read_run(context)
        question = changes.ask(run)
        if question is None:
            self._note_success(run)
        return question

    @database_errors_in_one_line()
    def record_answer(self, context: Any, event: dict[str, Any]) -> None:
        """Record who approved or rejected; a question that ran out of time leaves the change waiting."""
        run, user = read_run(context), event.get("responded_by_user")
        if user:
            answer: ChangeAnswer = "approved" if event.get("chosen_options") == ["Approve"] else "rejected"
            changes.note_answer(run, answer, by=str(user.get("name") or user.get("id")))
        self._note_success(run)

    def _note_success(self, run: "TaskRun") -> None:
        with run.open_database() as connection:
            note_success(connection, run, deciding=(run.task_id,))
