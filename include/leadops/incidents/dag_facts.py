"""What an incident says about a DAG run that went wrong."""

from collections.abc import Mapping
from typing import Any

from leadops.mask import mask_text


def form_dag_facts(
    *,
    dag_id: str,
    run_id: str = "",
    task_id: str = "",
    try_number: int | None = None,
    log_url: str = "",
    error: BaseException | str | None = None,
) -> Mapping[str, Any]:
    """Return the facts of a dag_failed or run_missed_deadline incident; pass them to open_incident.

    Of an exception only the class and its shortened first line is kept, e-mail addresses masked.
    """
    if isinstance(error, BaseException):
        error = f"{type(error).__name__}: {error}"
    facts = {
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": task_id,
        "try_number": try_number,
        "log_url": log_url,
        "error": mask_text(error or "").removesuffix(":"),
    }
    return {name: value for name, value in facts.items() if value not in ("", None)}
