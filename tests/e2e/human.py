"""A human who approves in Airflow."""

import time

from .conftest import Stack


class Human:
    """Approves a question, and again where it is asked again.

    No human is faster than 5 s: answered before the scheduler has heard that the process ended, the task
    looks killed to it, and asks once more. Nothing shows when it has heard, so the second answer takes
    longer.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._waits = iter((5, 40, 40))

    def approve(self, details: str) -> None:
        """Approve the question whose details have the path `details`, unless it has its answer."""
        if not self._stack.airflow("GET", details)["response_received"]:
            time.sleep(next(self._waits))
            self._stack.airflow("PATCH", details, json={"chosen_options": ["Approve"], "params_input": {}})
