"""`make kill-matrix`: kills each part of a stack of its own in turn, and writes how long each takes to heal.

python -m tests.kill_matrix [--executor local|celery] [--only WORD …] [--write]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadops_stack.executor import EXECUTOR, SHORT
from leadops_stack.gateways import GATEWAYS
from tests.kill_matrix.faults import CONFIG, FAULTS, fill_disk
from tests.kill_matrix.matrix import run_matrix
from tests.kill_matrix.table import write_page
from tests.running_stack import start_stack

#: The size of the disk of its own on which the stack works, so that it can be filled.
DISK = "2g"
WELL = "all healed; nothing lost, nothing double; each incident notified once and resolved"


def main() -> int:
    """Run the matrix; exit with 1 when something did not heal."""
    parser = argparse.ArgumentParser(prog="kill-matrix")
    parser.add_argument("--executor", choices=SHORT, action="append", help="only this one; default: both")
    parser.add_argument(
        "--only", nargs="*", default=[""], help="only faults whose names have one of these words"
    )
    parser.add_argument("--write", action="store_true", help="write the table of docs/kill-matrix.md again")
    given = parser.parse_args()
    found = []
    for executor in given.executor or SHORT:
        faults = [
            fault
            for fault in FAULTS
            if executor in fault.executors and any(word in fault.name for word in given.only)
        ]
        if not faults:
            continue
        with (
            own_settings() as folder,
            own_disk() as disk,
            start_stack({EXECUTOR: executor, GATEWAYS: "2", CONFIG: folder}, within=disk) as stack,
        ):
            if not disk and any(fault.act is fill_disk for fault in faults):
                print("no disk of its own without root: the full disk is left out", flush=True)
                faults = [fault for fault in faults if fault.act is not fill_disk]
            found += run_matrix(stack, faults, executor=executor, say=lambda line: print(line, flush=True))
    problems = [
        f"{healing.executor}, {healing.name}: {each}" for healing in found for each in healing.problems
    ]
    if given.write:
        write_page(found)
    print(*(problems or [WELL]), sep="\n")
    return 1 if problems else 0


@contextmanager
def own_settings() -> Iterator[str]:
    """Yield a folder for settings of this run, in which there are none; our own commands read it too."""
    with tempfile.TemporaryDirectory(prefix="leadops-settings-") as folder:
        Path(folder).chmod(0o755)
        os.environ[CONFIG] = folder
        yield folder


@contextmanager
def own_disk() -> Iterator[Path | None]:
    """Yield a folder that is a small disk in memory, None where we may not mount one."""
    if os.getuid() != 0:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="leadops-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "leadops", folder]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


if __name__ == "__main__":
    sys.exit(main())
