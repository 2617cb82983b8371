"""What the code under test said is told apart from what a library says in another thread."""

import logging
import re
import threading
from pathlib import Path

import pytest

from tests.own_log import own_messages

TESTS = Path(__file__).parent


def test_a_library_in_another_thread_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    other = threading.Thread(target=logging.getLogger("httpcore.connection").debug, args=["connect_tcp"])
    other.start()
    other.join()
    logging.getLogger("leadops.watchdog.x").warning("%s fails", "it")
    logging.getLogger("leadops_sandboxes").warning("not ours")
    assert caplog.messages == ["connect_tcp", "it fails", "not ours"]
    assert own_messages(caplog) == ["it fails"]
    assert own_messages(caplog, "httpcore", "leadops") == ["connect_tcp", "it fails"]


def test_no_other_test_asks_for_what_all_threads_said() -> None:
    here = {Path(__file__).name, "own_log.py"}
    asking = {
        path.name
        for path in TESTS.rglob("*.py")
        if re.search(r"caplog\.(messages|records|record_tuples)", path.read_text(encoding="utf-8"))
    }
    assert asking <= here
