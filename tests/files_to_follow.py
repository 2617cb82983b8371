"""Counts the files that a reader opens to follow each task: `python -m tests.files_to_follow [TASK]`.

These are the modules of the stages whose functions a task can reach from its body, and the SQL files with
statements that it can reach; with a TASK they are listed. What every task shares is left out: settings,
clients, calendar, the base. A method counts as reached where reached code uses its name, so a figure may be
too high, and is never too low.
"""

import ast
import sys
from pathlib import Path

from .statement_reach import Function, Module, find_reached, read_modules

PACKAGE = Path(__file__).parents[1] / "include/leadops"
TASKS = "leadops.orchestration.tasks."
#: The rooms that own tables, without what every task shares.
STAGES = (
    "changes",
    "nurture",
    "sla",
    "routing",
    "intake",
    "lifecycle",
    "crm",
    "delivery",
    "scoring",
    "machines",
    "identity",
    "events",
    "erased",
    "incidents",
    "alerts",
    "reports",
    "thresholds",
    "training",
    "history",
    "economics",
    "attribution",
    "funnel",
    "housekeeping",
)


def list_tasks(modules: dict[str, Module]) -> list[tuple[str, str]]:
    """Return the body of each task: a function of `orchestration/tasks` that takes a run, and more."""
    return [
        (place, name)
        for place, module in modules.items()
        for name, definitions in module.definitions.items()
        if place.startswith(TASKS)
        and not name.startswith("_")
        and isinstance(definitions[0], ast.FunctionDef)
        if [ast.unparse(word) for word in definitions[0].args.args]
        in (["run: TaskRun"], ["run: TaskRun", "shard: int", "beside: str"])
    ]


def list_files(modules: dict[str, Module], task: tuple[str, str]) -> list[str]:
    """Return the files of the stages that a task leads to, in alphabetical order."""
    reached = find_reached(modules, [task])
    python = {
        place
        for place, name in reached.nodes
        if any(isinstance(part, Function) for part in modules[place].definitions[name])
    }
    files = [f"{place}.py" for place in python] + [f"{place}.sql" for place, _ in reached.statements]
    return sorted({name for name in files if name.split(".")[1] in STAGES})


def main(*tasks: str) -> None:
    """Print how many files each task leads to, and their sum; with names of tasks, the files."""
    modules = read_modules(PACKAGE, "leadops")
    total = 0
    for task in sorted(list_tasks(modules)):
        if tasks and task[1] not in tasks:
            continue
        files = list_files(modules, task)
        total += len(files)
        sql = sum(name.endswith(".sql") for name in files)
        print(f"{task[0].removeprefix(TASKS)}.{task[1]:24} {len(files):4}  of these SQL {sql:3}")
        if tasks:
            print("\n".join(f"  {name}" for name in files))
    print(f"{'all tasks':34} {total:4}")


if __name__ == "__main__":
    main(*sys.argv[1:])
