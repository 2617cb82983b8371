"""How `make test` shares the tests out: a file stays together, and all that needs the running stack too.

What takes long begins early, so that no worker is still at it when all others have nothing left to do.
"""

import gc
import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: The folder of the tests that share one running stack.
STACK_FOLDER = "tests/e2e/"

#: Files that take a minute or much of it, the longest first. A file that is missing here costs time, no more.
LONG = (
    "tests/integration/test_simulated_past.py",
    "tests/integration/test_form_promises.py",
    "tests/delivery/test_presence.py",
    "tests/products/hubspot/test_hubspot_promises.py",
    "tests/history/test_docs.py",
    "tests/browser/test_lead_ops.py",
    "tests/products/test_totals.py",
    "tests/products/test_enrolments.py",
    "tests/delivery/test_database_went_back.py",
    "tests/training/test_real_data.py",
    "tests/integration/test_restart.py",
    "tests/dags/test_clear_run.py",
    "tests/delivery/test_promises.py",
    "tests/products/test_whole_product.py",
    "tests/dags/test_clean_runs.py",
    "tests/dags/test_broken_settings.py",
    "tests/delivery/test_presence_at_random.py",
    "tests/integration/test_pipeline_promises.py",
    "tests/integration/test_real_data.py",
    "tests/alerts/test_notify_at_random.py",
    "tests/changes/test_follow_files.py",
    "tests/changes/test_killed_approval.py",
    "tests/integration/test_once_more.py",
    "tests/integration/test_quiet_past.py",
    "tests/leadops_stack/test_supervisor.py",
    "tests/watchdog/test_watchdog.py",
    "tests/browser/test_queue.py",
)


class TogetherScheduling(LoadScopeScheduling):
    """Gives each worker whole files; the stack's tests are one unit, and the first, being the longest."""

    __test__ = False

    def _split_scope(self, nodeid: str) -> str:
        return STACK_FOLDER if nodeid.startswith(STACK_FOLDER) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take two workers more than there are cores.

    Those of the two stacks wait for Airflow most of the time, and of the other tests' time a quarter is
    waiting too: for a process that starts, a time-out, a lock.
    """
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling:
    """Take this way of sharing whenever there are several workers."""
    config.option.loadscopereorder = False  # keep the order in which the tests were collected
    return TogetherScheduling(config, log)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the tests: a million objects, and all stay until the end."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stack's tests first, and give them the time that its start takes; then come the long files."""
    places = {name: place for place, name in enumerate(LONG)}

    def find_place(item: pytest.Item) -> int:
        return (
            -1 if item.get_closest_marker("stack") else places.get(item.nodeid.split("::", 1)[0], len(LONG))
        )

    items.sort(key=find_place)
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.timeout(1800))
