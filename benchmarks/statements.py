"""The statements that fill the tables for a benchmark: one a file, named after what it fills."""

from pathlib import Path
from typing import LiteralString, cast


def read_statement(name: str) -> LiteralString:
    """Return the text of benchmarks/`name`.sql."""
    return cast(LiteralString, Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8"))
