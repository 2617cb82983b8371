"""Push by dlt's custom destination: the deltas from PostgreSQL, and a function that posts each batch.

Twice: as dlt's documentation shows it (rows, its own defaults), and set up by its advice on speed
(dlthub.com/docs/reference/performance): pages instead of rows, files without compression, cut so that they
load in parallel.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import orjson

from benchmarks.calls import BATCH, open_session, post
from benchmarks.deltas import Deltas
from leadops.settings import Endpoint

#: Rows that the resource yields at once.
PAGE = 10_000

#: dlt takes these from the environment.
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
TUNED = {
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "LOAD__WORKERS": "2",
}


def prepare_dlt(deltas: Deltas, endpoint: Endpoint, folder: Path) -> Callable[[], None]:
    """Return what extracts row by row, normalizes and loads, with dlt's own settings."""
    rows = (row for page in deltas.pages(PAGE, prefix="dlt") for row in page)
    return _prepare(rows, endpoint, folder, settings={})


def prepare_dlt_tuned(deltas: Deltas, endpoint: Endpoint, folder: Path) -> Callable[[], None]:
    """Return what extracts pages of rows, normalizes and loads them, set up for speed."""
    return _prepare(deltas.pages(PAGE, prefix="tuned"), endpoint, folder, settings=TUNED)


def _prepare(
    items: Iterator[Any], endpoint: Endpoint, folder: Path, *, settings: dict[str, str]
) -> Callable[[], None]:
    for name in TUNED:
        os.environ.pop(name, None)
    os.environ.update(QUIET | settings)
    own = threading.local()  # a connection for each of dlt's threads

    @dlt.destination(name="ma", batch_size=BATCH)
    def send(batch: Any, _table: Any) -> None:
        if not hasattr(own, "session"):
            own.session = open_session(endpoint)
        post(own.session, endpoint, orjson.dumps({"updates": list(batch)}), key=str(uuid.uuid4()))

    pipeline = dlt.pipeline("deltas", destination=send, pipelines_dir=str(folder))
    resource = dlt.resource(items, name="deltas")

    def run() -> None:
        pipeline.run(resource).raise_on_failed_jobs()

    return run
