"""What the code under test said in its log, without what others of the process said at the same time.

`caplog` takes the records of all threads: a library that another thread uses may say something at any moment.
So a test that means "this and no more" asks here. Where a word must not be, `caplog.text` is the right thing:
nobody may say it.
"""

import logging

import pytest

#: The packages whose loggers are our own.
OURS = ("leadops", "leadops_sandbox", "leadops_stack")


def own_messages(caplog: pytest.LogCaptureFixture, *packages: str) -> list[str]:
    """Return what the loggers of these packages said, the first first; without any, what our own said."""
    return [record.getMessage() for record in caplog.records if _find_package(record) in (packages or OURS)]


def _find_package(record: logging.LogRecord) -> str:
    return record.name.partition(".")[0]
