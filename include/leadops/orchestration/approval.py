"""A human's yes or no in Airflow about a threshold that would change by much; without an answer it is no."""

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import training


class ThresholdApproval(ApprovalOperator):  # type: ignore[misc]  # its base is Any to the checker
    """Waits for a human where the day's proposal needs one, and is skipped where it does not.

    The answer is stored in lifecycle.thresholds before Airflow goes on, so that a task that is killed
    afterwards finds it there.
    """

    def execute(self, context: Any) -> Any:
        """Ask, or skip."""
        if not self.ask(context):
            raise AirflowSkipException("nothing to ask")
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Note the answer, and go on or skip what follows."""
        if "error" not in event:
            self.note(context, event)
        return super().execute_complete(context, event)

    @database_errors_in_one_line()
    def ask(self, context: Any) -> bool:
        """Say whether a human has to be asked."""
        return training.ask(context)

    @database_errors_in_one_line()
    def note(self, context: Any, event: dict[str, Any]) -> None:
        """Keep the answer."""
        training.note_answer(context, event)
