"""`leadops explain`: every point of one lead."""

import json
from dataclasses import asdict, replace
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import console, open_database
from leadops.errors import PermanentError
from leadops.scoring.explain import Explanation, Line, explain_lead
from leadops.scoring.rules import RuleSet
from leadops.settings import load_config


def explain(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show every point of LEAD with its date and reason, summing to its total.

    Exits with 1 when the ledger does not sum to the stored score.
    """
    rules = load_config("scoring", RuleSet)
    with open_database() as connection:
        explanation = explain_lead(connection, _parse(lead), grades=rules.grades)
    if as_json:
        typer.echo(json.dumps(asdict(explanation), default=lambda moment: moment.isoformat()))
    else:
        console.print(_draw(explanation))
        console.print(
            f"lead {explanation.lead_id}: fit {explanation.fit} + behaviour {explanation.behaviour}"
            f" + model {explanation.model} = {explanation.total},"
            f" shown as {explanation.shown}, grade {explanation.grade}"
        )
    if not explanation.agrees:
        raise PermanentError("the ledger does not sum to the stored score; run leadops audit")


def _parse(lead: str) -> int | str:
    if "@" in lead:
        return lead
    if lead.isascii() and lead.isdigit() and len(lead) < 19:
        return int(lead)
    raise PermanentError("LEAD must be a lead_id (a number) or an email")


def _draw(explanation: Explanation) -> Table:
    table = Table("happened (UTC)", "points", "sum", "dimension", "kind", "event", "reason")
    for is_decay, lines in groupby(explanation.lines, key=lambda line: line.kind == "decay"):
        for line in [_fold(list(lines))] if is_decay else lines:
            table.add_row(
                f"{line.occurred_at:%Y-%m-%d %H:%M:%S}",
                f"{line.points:+d}",
                str(line.running),
                line.dimension,
                line.kind,
                line.event or "",
                line.reason,
            )
    return table


def _fold(lines: list[Line]) -> Line:
    """Return nights between which nothing else happened as one line: its last, with the points of all."""
    points = sum(line.points for line in lines)
    nights = f"{len(lines)} nights, " if len(lines) > 1 else ""
    return replace(lines[-1], points=points, reason=nights + lines[-1].reason)
