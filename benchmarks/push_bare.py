"""Push by a bare loop: one connection posts ready-made bodies, with no database and no care at all."""

from collections.abc import Callable
from pathlib import Path

import orjson

from benchmarks.calls import BATCH, open_session, post
from benchmarks.deltas import Deltas
from leadops.settings import Endpoint


def prepare_bare(deltas: Deltas, endpoint: Endpoint, _folder: Path) -> Callable[[], None]:
    """Make every body beforehand; return what posts them one after the other."""
    bodies = [orjson.dumps({"updates": page}) for page in deltas.pages(BATCH, prefix="bare")]
    session = open_session(endpoint)

    def run() -> None:
        for number, body in enumerate(bodies):
            post(session, endpoint, body, key=f"bare-{number}")

    return run
