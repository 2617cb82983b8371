"""`python -m leadops_stack.play_past --folder F`: brings half a year of a simulated company in, once.

Everything goes through leadops' own commands, in one process because each would load its modules again. Each
command may run twice and adds nothing the second time; so after a kill all begins again, with the days that
are on record.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import typer

from leadops.cli.app import make_app
from leadops.cli.context import open_database
from leadops.cli.made_up import begin_made_up
from leadops.db_errors import database_errors_in_one_line
from leadops.errors import LeadopsError, PermanentError, TransientError
from leadops.made_up.made_up_past import MadeUpPast, find_past
from leadops_sandbox.past.company import ZONE, Calendar
from leadops_sandbox.past.files import EVENTS, EXPORTS, write_files
from leadops_sandbox.past.story import tell_past

#: The company that everybody gets.
SEED = 1
#: What a line of progress begins with; the supervisor shows these lines.
MARK = "past:"
#: Weeks before its end for which the past has a decision on the threshold, and for which it trains a model.
DECIDED_WEEKS, TRAINED_WEEKS = 8, 3
#: What happens now comes first on a busy machine.
NICENESS = 10
#: Seconds for which a command is tried again while others hold what it needs, and between two tries.
PATIENCE, PAUSE = 300.0, 3.0


@dataclass(frozen=True)
class Stage:
    """A part of the work: what it is, and the commands that do it."""

    text: str
    commands: tuple[tuple[str, ...], ...]


def play_past(folder: Path, *, now: datetime, say: Callable[[str], None], size: float = 1.0) -> bool:
    """Bring the past in, or what is missing of it; return whether there was anything to do.

    It ends on the day before `now` unless one has begun before. The files lie in `folder`; with a smaller
    `size` (a share) there are fewer leads in them, the same in each call for one database. Raises
    LeadopsError if a connection leads to a real system or a command fails.
    """
    started = time.monotonic()
    with open_database() as connection:
        known = find_past(connection)
    if known and known.finished_at:
        return False
    past = _begin(now)
    say(f"half a year of a simulated company comes in: {past.first_day} to {past.last_day}")
    write_files(tell_past(past.seed, last_day=past.last_day, size=size), folder, seed=past.seed)
    stages = list_stages(past, folder)
    for number, stage in enumerate(stages, start=1):
        for command in stage.commands:
            run_command(command)
        say(f"{number} of {len(stages)}: {stage.text} ({time.monotonic() - started:.0f} s)")
    run_command(("simulated-past", "finish"))
    say(f"all of it is in after {time.monotonic() - started:.0f} s; leadops simulated-past show")
    return True


def list_stages(past: MadeUpPast, folder: Path) -> list[Stage]:
    """Return the work in its order.

    Stages come before events, so that nobody becomes MQL today by what they did months ago.
    """
    days = [past.last_day - timedelta(weeks=weeks) for weeks in range(DECIDED_WEEKS, -1, -1)]
    month_ends = [day for day in list_month_ends(past.first_day, past.last_day) if day not in days]
    imports = {
        kind: ("import", kind, f"{folder / kind}.csv", "--mapping", f"{folder / kind}.yaml")
        for kind in EXPORTS
    }
    stretch = ("--from", f"{past.first_day}", "--to", f"{past.last_day}")
    return [
        Stage("its leads", (imports["leads"],)),
        Stage("their stages", (imports["transitions"],)),
        Stage(
            "what sales did, what was spent, and what the threshold was",
            tuple(imports[kind] for kind in ("activities", "costs", "thresholds")),
        ),
        *(
            Stage(f"its events of {file.stem[-7:]}", (("replay", str(file), "--history"), ("score",)))
            for file in sorted(folder.glob(f"{EVENTS}-*.jsonl"))
        ),
        Stage("the funnel of each day", (("funnel", "refresh", *stretch),)),
        Stage("attribution and economics at the end of each month", tuple(_refresh(month_ends))),
        Stage("model and threshold, week by week", tuple(_decide(days))),
    ]


def list_month_ends(first: date, last: date) -> list[date]:
    """Return the last days of the months that end between `first` and `last`."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if (day + timedelta(days=1)).day == 1]


def run_command(arguments: tuple[str, ...]) -> None:
    """Run a command of leadops here; raise PermanentError if it does not end well.

    Imports and replays end with 1 where single rows were refused; they say so and keep these rows.
    """
    code = _try_command(arguments)
    if code and arguments[0] not in ("import", "replay"):
        raise PermanentError(f"leadops {' '.join(arguments)} ended with {code}")


def _try_command(arguments: tuple[str, ...]) -> int:
    """Run a command until nothing that passes by itself keeps it from its work; return its exit code."""
    command = typer.main.get_command(make_app(arguments[0]))
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with database_errors_in_one_line():
                return int(command.main(list(arguments), standalone_mode=False) or 0)
        except typer.Exit as ended:
            return ended.exit_code
        except TransientError:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def _begin(now: datetime) -> MadeUpPast:
    last_day = now.astimezone(ZONE).date() - timedelta(days=1)
    return begin_made_up(Calendar(last_day).first_day, last_day, seed=SEED)


def _refresh(days: list[date]) -> Iterator[tuple[str, ...]]:
    for day in days:
        yield "attribution", "refresh", "--day", f"{day}"
        yield "economics", "refresh", "--day", f"{day}"


def _decide(days: list[date]) -> Iterator[tuple[str, ...]]:
    for day in days:
        if day in days[-TRAINED_WEEKS:]:
            yield "model", "retrain", "--day", f"{day}"
        yield "thresholds", "propose", "--day", f"{day}"
    yield from _refresh(days[-1:])


def main() -> int:
    """Play the past; a refusal is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m leadops_stack.play_past", description=__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="where the files of the company go")
    parser.add_argument(
        "--size", default=1.0, type=float, help="leads, as a share of those of the whole company"
    )
    given = parser.parse_args()
    os.nice(NICENESS)

    def say(text: str) -> None:
        print(f"{MARK} {text}", flush=True)

    try:
        with database_errors_in_one_line():
            if not play_past(given.folder, now=datetime.now(UTC), say=say, size=given.size):
                say("it was there before")
    except LeadopsError as error:
        say(f"not in: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
