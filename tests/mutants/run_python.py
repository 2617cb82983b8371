"""The Python mutants of a room, by mutmut."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from mutmut.configuration import config, reset_config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name, orig_function_and_class_names_from_key

from tests.mutants.mutant import Mutant, MutantsFailedError, Outcome, changed_lines

OUTCOMES = {
    "survived": Outcome.SURVIVED,
    "no tests": Outcome.SURVIVED,
    "timeout": Outcome.TIMED_OUT,
    "caught by type check": Outcome.TYPED,
}
UNFINISHED = ("not checked", "check was interrupted by user")


def run_python_mutants(
    work: Path, *, sample: int | None, seed: int, children: int, environment: dict[str, str]
) -> list[Mutant]:
    """Run the mutants of the room in `work`, or a seeded `sample` of them; return all that have an outcome.

    Survivors of earlier runs are tried again, other outcomes stay. Raises MutantsFailedError when
    mutmut fails.
    """
    with chdir(work):
        reset_config()
        names = [name for _, name in sorted(_list_mutants())]
        if sample is not None:
            names = random.Random(seed).sample(names, min(sample, len(names)))
        _forget_survivors()
        outcomes = {name: code for _, name, code in _read_outcomes()}
        waiting = [name for name in names if status_by_exit_code[outcomes.get(name)] in UNFINISHED]
        if waiting:
            _run_mutmut([] if sample is None else waiting, children, environment)
        wanted = set(names)
        return [_read_mutant(*found) for found in _read_outcomes() if found[1] in wanted]


def _list_mutants() -> Iterator[tuple[str, str]]:
    """Yield file and name of every mutant."""
    for path in walk_mutatable_files():
        mutated = mutate_file_contents(str(path), path.read_text(encoding="utf-8"))
        for name in mutated.mutant_names:
            yield str(path), get_mutant_name(path, name)


def _meta_files() -> list[Path]:
    return sorted(
        path for path in Path("mutants/src").rglob("*.meta") if config().should_mutate(_source(path))
    )


def _source(meta: Path) -> Path:
    return meta.relative_to("mutants").with_suffix("")


def _forget_survivors() -> None:
    """Let mutmut try again what survived: meanwhile there may be a test for it."""
    for path in _meta_files():
        meta = json.loads(path.read_text(encoding="utf-8"))
        for name, code in meta["exit_code_by_key"].items():
            if status_by_exit_code[code] in ("survived", "no tests"):
                meta["exit_code_by_key"][name] = None
        path.write_text(json.dumps(meta), encoding="utf-8")


def _read_outcomes() -> list[tuple[Path, str, int | None]]:
    return [
        (_source(path), name, code)
        for path in _meta_files()
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items()
    ]


def _run_mutmut(names: list[str], children: int, environment: dict[str, str]) -> None:
    program = Path(sys.executable).with_name("mutmut")
    log = Path("mutmut.log")
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [str(program), "run", "--max-children", str(children), *names],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise MutantsFailedError(log)


def _read_mutant(source: Path, name: str, code: int | None) -> Mutant:
    function, owner = orig_function_and_class_names_from_key(name)
    outcome = OUTCOMES.get(status_by_exit_code[code], Outcome.KILLED)
    survived = outcome is Outcome.SURVIVED
    return Mutant(
        module=str(source.relative_to("src/leadops")),
        place=f"{owner}.{function}" if owner else function,
        change=changed_lines(get_diff_for_mutant(name, path=source)) if survived else name,
        outcome=outcome,
    )
