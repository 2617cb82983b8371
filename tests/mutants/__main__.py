"""`make mutants`: run the mutants of rooms; print the figures, and the survivors not on the list."""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cluster import RUNNING, own_cluster
from tests.mutants.mutant import Mutant, MutantsFailedError, Outcome
from tests.mutants.report import HEADER, REQUIRED, count_outcomes, find_unlisted
from tests.mutants.rooms import ROOMS, Room, find_room
from tests.mutants.run_python import run_python_mutants
from tests.mutants.survivors import read_survivors, write_entry
from tests.mutants.work_folder import BUILD, lay_out

#: Wherever this runs, a mutant that takes the machine's time zone for the company's is noticed.
ELSEWHERE = "America/St_Johns"


def main() -> int:
    """Return 1 if a room notices too little, or if a survivor is not on the list."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("room", nargs="*", help="rooms; all without one")
    parser.add_argument("--sample", type=int, help="how many Python and how many SQL mutants of each room")
    parser.add_argument("--seed", type=int, default=0, help="another sample")
    parser.add_argument("--children", type=int, default=2, help="how many mutants at a time")
    parser.add_argument("--kind", choices=("python", "sql"), help="only these")
    parser.add_argument("--tests", nargs="+", help="only these, to see soon what new tests notice")
    given = parser.parse_args()
    # `kill` ends the cluster too; a later run goes on with what is left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rooms = [room.tested_by(given.tests) for room in (map(find_room, given.room) if given.room else ROOMS)]
    kinds = [given.kind] if given.kind else ["python", "sql"]
    reasons = read_survivors()
    passed = True
    print(HEADER, flush=True)
    for room in rooms:
        with own_cluster() as cluster:
            environment = _environment(f"{cluster.port}:{cluster.password}")
            work = lay_out(room)
            for kind in kinds:
                run = _run_python if kind == "python" else _run_sql
                try:
                    mutants = run(room, work, given, environment)
                except MutantsFailedError as error:
                    print(f"{room.name}, {kind}: {error}", file=sys.stderr, flush=True)
                    passed = False
                    continue
                figures = count_outcomes(room.name, kind, mutants, reasons)
                print(figures.as_row(), flush=True)
                unlisted = find_unlisted(mutants, reasons)
                passed = passed and not unlisted and figures.share >= REQUIRED
                for survivors in unlisted.values():
                    print(write_entry(survivors), file=sys.stderr, flush=True)
    return 0 if passed else 1


def _environment(cluster: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    return kept | {
        RUNNING: cluster,
        "LEADOPS_PROMISE_EXAMPLES": "5",
        "TZ": ELSEWHERE,
        "PYTHONHASHSEED": "0",
    }


def _run_python(
    room: Room, work: Path, given: argparse.Namespace, environment: dict[str, str]
) -> list[Mutant]:
    return run_python_mutants(
        work, sample=given.sample, seed=given.seed, children=given.children, environment=environment
    )


def _run_sql(room: Room, work: Path, given: argparse.Namespace, environment: dict[str, str]) -> list[Mutant]:
    report, log = work / "sql_report.json", work / "sql_run.log"
    sample = [] if given.sample is None else ["--sample", str(given.sample), "--seed", str(given.seed)]
    tests = ["--tests", *given.tests] if given.tests else []
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.mutants.run_sql", room.name, str(report)),
                *("--children", str(given.children), *sample, *tests),
            ],
            cwd=work,
            env=environment | {"PYTHONPATH": "src"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise MutantsFailedError(log)
    return [
        Mutant(**row | {"outcome": Outcome(row["outcome"])})
        for row in json.loads(report.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
