"""`leadops model`: train the model of a day, see the one in effect, give the leads its points."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.calendar.local_days import is_over, last_whole_day
from leadops.cli.context import clock, console, open_database
from leadops.configuration import Config
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.training.champion import find_champion, list_decisions

app = typer.Typer(help="The model that says which leads become SQLs.", no_args_is_help=True)


@app.command("retrain")
def retrain_model(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day of the company's zone; default: yesterday."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be decided.")] = False,
) -> None:
    """Train on what was known by the end of DAY, and let the better model take effect.

    A feature that seems to have seen the future is named, and the model does without it.
    """
    config = Config.from_environment()
    from leadops.training.retrain import retrain

    company = config.company
    settings = config.training
    now = clock()
    wanted = day.date() if day else last_whole_day(now, company.zone)
    if not is_over(wanted, company.zone, now=now):
        raise PermanentError(f"{wanted} is not over yet; give an earlier day")
    with open_database() as connection:
        made = retrain(connection, day=wanted, settings=settings, company=company, now=now, dry_run=dry_run)
    console.print(f"{made.day}: {made.outcome}: {made.reason}", highlight=False)
    console.print(f"{made.leads} ripe leads, {made.reached} of them with the goal", highlight=False)
    for refusal in made.refused:
        console.print(f"refused: {refusal.feature}: {refusal.reason}", highlight=False)
    for each in made.findings.get("dropped", []):
        console.print(f"left out: {each['feature']}: {each['reason']}", highlight=False)
    if dry_run:
        console.print("nothing was kept")


@app.command("points")
def write_points() -> None:
    """Bring the points of every active lead in line with the model in effect; queue ml_score for the MA."""
    config = Config.from_environment()
    from leadops.training.points import write_model_points

    with open_database() as connection:
        done = write_model_points(connection, now=clock(), settings=config.training)
    if done.model_id is None:
        console.print("no model is in effect; nothing was written")
        return
    console.print(
        f"model {done.model_id}: {done.leads} active leads, {done.rows} ledger rows, {done.points:+d} points,"
        f" {done.told} ml_score queued for the MA",
        highlight=False,
    )


@app.command("list")
def list_days(
    most: Annotated[int, typer.Option("--most", help="List at most this many days.", min=1)] = 20,
) -> None:
    """List what was decided each day, and why."""
    table = Table("day", "outcome", "trained", "in effect", "reason")
    with open_database() as connection:
        for each in list_decisions(connection, most=most):
            trained, champion = (str(number or "") for number in (each.model_id, each.champion_id))
            table.add_row(str(each.day), each.outcome, trained, champion, each.reason)
    console.print(table)


@app.command("show")
def show_model(
    model: Annotated[int | None, typer.Argument(help="A model's number; default: the one in effect.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole model as JSON.")] = False,
) -> None:
    """Show what a model looks at, how much each thing weighs, and how good it was on its test weeks."""
    with open_database() as connection:
        model_id, body = _find(connection, model)
    if as_json:
        typer.echo(json.dumps(body))
        return
    table = Table("column", "weight", "mean", "deviation")
    rows = zip(body["columns"], body["coefficients"], body["mean"], body["deviation"], strict=True)
    for column, weight, mean, deviation in sorted(rows, key=lambda row: -abs(row[1])):
        table.add_row(column, f"{weight:+.3f}", f"{mean:.3f}", f"{deviation:.3f}")
    console.print(table)
    measures = body["measures"]
    console.print(
        f"model {model_id}: AUC {measures['auc']:.3f}, Brier {measures['brier']:.4f},"
        f" lift {measures['lift_at_capacity']:.2f} on the best {measures['capacity']},"
        f" of {measures['leads']} leads of the test weeks, {measures['reached']} with the goal",
        highlight=False,
    )


def _find(connection: Connection, model: int | None) -> tuple[int, dict[str, Any]]:
    if (model_id := model or find_champion(connection)) is None:
        raise PermanentError("no model is in effect; see leadops model list")
    row = connection.execute("select body from training.models where model_id = %s", [model_id]).fetchone()
    if row is None:
        raise PermanentError(f"there is no model {model_id}; see leadops model list")
    return model_id, row[0]
