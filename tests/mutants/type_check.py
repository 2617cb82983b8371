"""Type-check the mutants of a room: what mypy refuses, `make check` refuses, and no test has to run.

mutmut starts this in its folder of mutants and reads mypy's JSON lines. Errors outside a mutant are left out,
because mutmut cannot place them.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def main() -> None:
    """Print mypy's errors that lie within a mutant; the last argument is the room."""
    command = [sys.executable, "-m", "mypy", "--output=json", "--cache-dir=../../mypy_cache"]
    done = subprocess.run(
        [*command, f"src/leadops/{sys.argv[-1]}"], capture_output=True, text=True, check=False
    )
    spans = defaultdict(list)
    for path in Path("src").rglob("*.spans"):
        spans[str(path.with_suffix(""))] = [
            (first, last)
            for name, (first, last) in json.loads(path.read_text())["spans"].items()
            if not name.endswith("_orig")
        ]
    for line in done.stdout.splitlines():
        error = json.loads(line)
        if any(first <= error["line"] <= last for first, last in spans[error["file"]]):
            print(line)


if __name__ == "__main__":
    main()
