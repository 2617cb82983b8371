"""`leadops push`: send everything that is pending."""

from datetime import timedelta
from typing import Annotated

import typer

from leadops.cli.context import clock, read_config, sleep
from leadops.cli.terminal import console
from leadops.delivery.database_mark import open_mark
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.errors import TransientError
from leadops.settings import database_url, endpoint, mark_folder


def push(
    target: Annotated[str, typer.Option(help="Only this target (ma or crm).")] = "",
    seconds: Annotated[float, typer.Option(help="Stop after this many seconds.", min=1)] = 600,
) -> None:
    """Send pending score changes and operations to the MA and the CRM.

    Exits with 1 when a target does not take them; they stay on record for the next push.
    """
    config = read_config()
    settings = config.delivery
    until = clock() + timedelta(seconds=seconds)
    problems = []
    for name in [target] if target else list(settings.targets):
        settings.find_target(name)
        with console.status(f"pushing to {name} …"):
            done = push_target(
                database_url=database_url(),
                endpoint=endpoint(name),
                target=name,
                settings=settings,
                clock=clock,
                sleep=sleep,
                until=until,
                identity=config.identity,
                mark=open_mark(mark_folder()),
            )
        console.print(f"{name}: {describe(done)}")
        if done.problem:
            problems.append(f"{name}: {done.problem}")
    if problems:
        raise TransientError("not everything was taken, it stays on record: " + "; ".join(problems))


def describe(done: PushReport) -> str:
    """Return a push in one line."""
    return (
        f"{done.deltas} deltas and {done.effects} effects in {done.calls} calls, "
        f"{done.dead} dead letters, {done.failed} to be sent again"
    )
