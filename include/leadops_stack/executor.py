"""Which of Airflow's executors runs the tasks: one machine's own, or Celery's workers."""

from collections.abc import Mapping

from leadops.errors import ConfigError

#: Airflow's variable, and the executors that leadops is tested with, with the short word for each.
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
LOCAL, CELERY = "LocalExecutor", "CeleryExecutor"
SHORT = {"local": LOCAL, "celery": CELERY}

#: The workers of one machine, as Celery knows them.
WORKERS = ("worker-1", "worker-2")


def choose_executor(name: str) -> str:
    """Return the executor that `name`, short or whole, means; empty means the LocalExecutor.

    Raises ConfigError for any other.
    """
    found = SHORT.get(name, name) or LOCAL
    if found not in SHORT.values():
        raise ConfigError(f"{EXECUTOR}={name} is not known here; choose {' or '.join(SHORT)}")
    return found


def uses_celery(values: Mapping[str, str]) -> bool:
    """Return whether Celery's workers run the tasks of an installation with these variables."""
    return choose_executor(values.get(EXECUTOR, "")) == CELERY
