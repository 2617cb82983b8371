"""Push by dlt's custom destination: the deltas from PostgreSQL, and a function that posts each batch.

Set up by dlt's own advice on speed (dlthub.com/docs/reference/performance): pages instead of rows, files
without compression, cut so that they load in parallel. With pyarrow installed, also as Arrow tables in
Parquet files, which spares dlt its work on single rows; leadops needs no pyarrow, so it does not bring it.
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
SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "LOAD__WORKERS": "2",
}


def prepare_dlt(deltas: Deltas, endpoint: Endpoint, folder: Path) -> Callable[[], None]:
    """Return what extracts pages of rows, normalizes and loads them, in dlt's default format."""
    pages = deltas.pages(PAGE, prefix="dlt")
    return _prepare(pages, endpoint, folder, file_format="typed-jsonl", unpack=list)


def prepare_dlt_arrow(deltas: Deltas, endpoint: Endpoint, folder: Path) -> Callable[[], None]:
    """Return the same with Arrow tables and Parquet files; needs pyarrow."""
    import pyarrow  # type: ignore[import-not-found,unused-ignore]

    tables = (pyarrow.Table.from_pylist(page) for page in deltas.pages(PAGE, prefix="arrow"))
    return _prepare(tables, endpoint, folder, file_format="parquet", unpack=lambda batch: batch.to_pylist())


def _prepare(
    pages: Iterator[Any],
    endpoint: Endpoint,
    folder: Path,
    *,
    file_format: Any,
    unpack: Callable[[Any], list[dict[str, Any]]],
) -> Callable[[], None]:
    os.environ.update(SETTINGS)
    own = threading.local()  # a connection for each of dlt's threads

    @dlt.destination(name="ma", batch_size=BATCH, loader_file_format=file_format)
    def send(items: Any, _table: Any) -> None:
        if not hasattr(own, "session"):
            own.session = open_session(endpoint)
        post(own.session, endpoint, orjson.dumps({"updates": unpack(items)}), key=str(uuid.uuid4()))

    pipeline = dlt.pipeline("deltas", destination=send, pipelines_dir=str(folder))
    resource = dlt.resource(pages, name="deltas")

    def run() -> None:
        pipeline.run(resource).raise_on_failed_jobs()

    return run
