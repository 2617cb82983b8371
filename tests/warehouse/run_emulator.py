"""Runs the BigQuery emulator on a port, in the environment .venv-emulator, without what it would download.

It wants DuckDB's extension `spatial` at its start, which only GEOGRAPHY needs.
"""

import sys

from bqemulator.cli import main
from bqemulator.storage import engine


def _load_nothing(_: engine.DuckDBEngine) -> None:
    """Leave GEOGRAPHY out."""


engine.DuckDBEngine._load_spatial = _load_nothing
port, project = sys.argv[1:]
main(["start", "--ephemeral", "--rest-port", port, "--grpc-port", "0", "--project", project])
