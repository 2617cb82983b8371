"""A worker's health check: `python -m leadops_stack.worker_probe` ends with 0 when it takes tasks.

With an executor that has no workers, there is nothing to take. Where no variable names the executor, there
are workers: Airflow's Helm chart names it in a file.
"""

import os
import socket
import sys

from leadops_stack.executor import EXECUTOR, uses_celery
from leadops_stack.redis import worker_answers

if __name__ == "__main__":
    is_well = worker_answers(os.environ["AIRFLOW__CELERY__BROKER_URL"], socket.gethostname())
    has_workers = EXECUTOR not in os.environ or uses_celery(os.environ)
    sys.exit(has_workers and not is_well())
