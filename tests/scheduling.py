"""How `make test` shares the tests out: a file stays together, and all that needs the running stack too."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: The folder of the tests that share one running stack.
STACK_FOLDER = "tests/e2e/"


class TogetherScheduling(LoadScopeScheduling):
    """Gives each worker whole files; the stack's tests are one unit, and the first, being the longest."""

    __test__ = False

    def _split_scope(self, nodeid: str) -> str:
        return STACK_FOLDER if nodeid.startswith(STACK_FOLDER) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: that of the stack waits for Airflow most of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling:
    """Take this way of sharing whenever there are several workers."""
    config.option.loadscopereorder = False  # keep the order in which the tests were collected
    return TogetherScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stack's tests first, and give them the time that its start takes."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)
    for item in items:
        if item.get_closest_marker("stack"):
            item.add_marker(pytest.mark.timeout(1800))
