"""The SQL mutants of a room: each is tried by the tests that run its statement, in a forked process.

The tests of the statement's own module come first, then the others, the fastest first.

Started in the room's work folder: `python -m tests.mutants.run_sql ROOM REPORT.json --sample 50`.
The tests run once, unchanged, to learn which of them run which statement.
"""

import argparse
import ctypes
import json
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import leadops
from leadops.queries import Queries
from tests.mutants.mutant import Mutant, Outcome
from tests.mutants.rooms import Room, find_room
from tests.mutants.sql_mutants import make_mutants
from tests.mutants.work_folder import PYTEST_OPTIONS, TIMEOUT_CONSTANT, TIMEOUT_MULTIPLIER

PACKAGE = Path(leadops.__file__).parent
PR_SET_PDEATHSIG = 1


class Recorder:
    """A pytest plugin that notes which test and module use which statement, and how long each test takes."""

    def __init__(self) -> None:
        self.current: str | None = None
        self.tests: dict[tuple[Path, str], set[str]] = defaultdict(set)
        self.modules: dict[tuple[Path, str], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = defaultdict(float)
        self.queries: dict[Path, list[Queries]] = defaultdict(list)

    def note(self, path: Path, statement: str, module: str) -> None:
        """Note that the running test uses the statement through the module (a file name)."""
        self.modules[path, statement].add(module)
        if self.current:
            self.tests[path, statement].add(self.current)

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.current = nodeid

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration

    def record_queries(self) -> None:
        """Have every Queries that is made from now on note its uses."""
        recorder, make = self, Queries.__init__

        class Statements(dict[str, Any]):
            def __init__(self, path: Path, module: str, statements: dict[str, Any]) -> None:
                super().__init__(statements)
                self.path = path
                self.module = module

            def __getitem__(self, name: str) -> Any:
                recorder.note(self.path, name, self.module)
                return super().__getitem__(name)

        def make_recording(queries: Queries, module_file: str, *, topic: str | None = None) -> None:
            make(queries, module_file, topic=topic)
            module = Path(module_file).name
            queries.statements = Statements(queries.path.resolve(), module, queries.statements)
            recorder.queries[queries.path.resolve()].append(queries)

        Queries.__init__ = make_recording  # type: ignore[method-assign]


@dataclass(frozen=True)
class Trial:
    """A mutant that waits for its tests."""

    path: Path
    statement: str
    text: str = field(compare=False)
    change: str
    #: The file names of those that run it.
    modules: frozenset[str] = field(compare=False)

    @property
    def key(self) -> str:
        """What its outcome is kept by."""
        return json.dumps([str(self.path.relative_to(PACKAGE)), self.statement, self.change])

    def is_mirrored_by(self, test: str) -> bool:
        """Return whether the test of that node id stands in a test file of the statement's modules."""
        names = {f"test_{name}" for name in self.modules}
        return Path(test.partition("::")[0]).name in names

    def as_mutant(self, outcome: Outcome) -> Mutant:
        """Return it with its outcome."""
        return Mutant(str(self.path.relative_to(PACKAGE)), self.statement, self.change, outcome)


def list_trials(room: Room, recorder: Recorder) -> Iterator[Trial]:
    """Yield every mutant of the statements that the room's modules run; one that nothing ran counts too."""
    for path in sorted(recorder.queries):
        if path.parent != PACKAGE / room.name:
            continue
        for statement, text in sorted(recorder.queries[path][0].statements.items()):
            modules = frozenset(recorder.modules[path, statement] or {path.with_suffix(".py").name})
            if any(map(room.has_module, modules)):
                for changed, change in make_mutants(text):
                    yield Trial(path, statement, changed, change, modules)


def run_child(trial: Trial, recorder: Recorder, tests: list[str]) -> None:
    """Run the tests with the changed statement, in this forked process, and end it."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # it ends with the process that started it
    sink = os.open("sql.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    for queries in recorder.queries[trial.path]:
        queries.statements[trial.statement] = trial.text  # type: ignore[assignment]
    try:
        code = int(pytest.main([*PYTEST_OPTIONS, *tests]))
    except BaseException:
        code = 1
    os._exit(code)


def run_trials(
    trials: list[Trial], recorder: Recorder, outcomes: dict[str, str], kept: Path, children: int
) -> None:
    """Try the mutants, `children` at a time, and keep each outcome at once."""
    running: dict[int, tuple[Trial, float]] = {}

    def finish(trial: Trial, outcome: Outcome) -> None:
        outcomes[trial.key] = outcome
        kept.write_text(json.dumps(outcomes), encoding="utf-8")

    for trial in [*trials, None]:
        while running and (trial is None or len(running) >= children):
            for pid, (running_trial, deadline) in list(running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    del running[pid]
                    finish(running_trial, Outcome.KILLED if status else Outcome.SURVIVED)
                elif time.monotonic() > deadline:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    del running[pid]
                    finish(running_trial, Outcome.TIMED_OUT)
            time.sleep(0.02)
        if trial is None:
            return
        tests = sorted(
            recorder.tests[trial.path, trial.statement],
            key=lambda test: (not trial.is_mirrored_by(test), recorder.seconds[test]),
        )
        if not tests:
            finish(trial, Outcome.SURVIVED)
            continue
        limit = (sum(recorder.seconds[test] for test in tests) + TIMEOUT_CONSTANT) * TIMEOUT_MULTIPLIER
        if pid := os.fork():
            running[pid] = trial, time.monotonic() + limit
        else:
            run_child(trial, recorder, tests)


def main() -> None:
    """Run the mutants of a room and write the outcomes of those that were chosen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("room")
    parser.add_argument("report", type=Path)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--children", type=int, default=1)
    parser.add_argument("--tests", nargs="+", help="instead of those of the room")
    given = parser.parse_args()
    room = find_room(given.room).tested_by(given.tests)
    recorder = Recorder()
    recorder.record_queries()
    if code := pytest.main([*PYTEST_OPTIONS, *room.tests], plugins=[recorder]):
        sys.exit(f"the tests of {room.name} fail without any mutant (pytest: {code})")
    recorder.current = None
    trials = list(dict.fromkeys(list_trials(room, recorder)))
    if given.sample is not None:
        trials = random.Random(given.seed).sample(trials, min(given.sample, len(trials)))
    kept = Path("sql_outcomes.json")
    outcomes: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    waiting = [trial for trial in trials if outcomes.get(trial.key, Outcome.SURVIVED) == Outcome.SURVIVED]
    run_trials(waiting, recorder, outcomes, kept, given.children)
    report = [trial.as_mutant(Outcome(outcomes[trial.key])).as_json() for trial in trials]
    given.report.write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main()
