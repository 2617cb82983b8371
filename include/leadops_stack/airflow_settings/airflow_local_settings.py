"""Airflow imports this at the start of each of its processes: it loads what the tasks would each load again.

A task is a fork of the scheduler, so a module that the scheduler holds costs a task nothing.
"""

import importlib
import os

#: No name here is a policy of Airflow's.
__all__: list[str] = []

for module in os.environ.get("LEADOPS_PRELOAD", "").split():
    importlib.import_module(module)
