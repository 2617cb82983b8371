"""`leadops explain`: every point and stage of one lead."""

from dataclasses import asdict, replace
from datetime import date
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table

from leadops.calendar.known_on import resolve_known_on
from leadops.cli.consent import describe_consent
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import KnownOnOption
from leadops.cli.outlook_text import say_outlook
from leadops.cli.terminal import console, print_json
from leadops.company import Company
from leadops.configuration import Config
from leadops.consent.read_consent import read_consent
from leadops.delivery.external_ids import find_external_id
from leadops.errors import PermanentError
from leadops.identity.uncounted_leads import find_uncounted
from leadops.lifecycle.explain_stages import StageReached, explain_stages, find_crm_id
from leadops.lifecycle.mql_outlook import find_mql_outlook
from leadops.scoring.explain_score import (
    LedgerLine,
    MachineAct,
    ScoreExplanation,
    explain_score,
    find_first_points,
    find_scored_lead,
)
from leadops.training.explain_model import ModelExplanation, explain_model


def explain(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    known_on: KnownOnOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show every point of LEAD with its date and reason, the model's parts, its stages and its ids elsewhere.

    Acts of machines, which are worth nothing, are struck through. A line says what the person still needs to
    become MQL: what they could do, or what leadops could learn of them, by the rules in force. Another line
    says whether they may get marketing mail.

    With --known-on, only the points and machines' acts that were on record at the end of that day; the rest
    is of today.

    Exits with 1 when the ledger does not sum to the stored score.
    """
    config = read_config()
    if known_on is not None:
        _explain_past(lead, known_on, config=config, as_json=as_json)
        return
    rules, company = config.scoring, config.company
    with open_database() as connection:
        explanation = explain_score(connection, lead, grades=rules.grades)
        model = explain_model(connection, explanation.lead_id)
        stages = explain_stages(connection, explanation.lead_id)
        uncounted = find_uncounted(connection, explanation.lead_id)
        outlook = find_mql_outlook(
            connection,
            explanation.lead_id,
            rules=rules,
            zone=company.zone,
            contract=config.kpi,
            now=clock(),
        )
        consent = read_consent(connection, [explanation.lead_id])[explanation.lead_id]
        ids = {
            "ma": find_external_id(connection, target="ma", lead_id=explanation.lead_id),
            "crm": find_crm_id(connection, explanation.lead_id),
        }
    if as_json:
        held = asdict(explanation) | {"model_parts": asdict(model) if model else None}
        held["stages"] = [asdict(each) for each in stages]
        held["ids"] = ids
        held["consent"] = asdict(consent)
        held["uncounted"] = uncounted._asdict() if uncounted else None
        held["mql_outlook"] = asdict(outlook)
        print_json(held, default=lambda moment: moment.isoformat())
    else:
        _print_points(explanation, company)
        if model:
            console.print(_draw_model(model, company))
        if stages:
            console.print(_draw_stages(stages, company))
        _print_sum(explanation)
        if uncounted:
            console.print(
                f"counts for nothing: {uncounted.reason}, {uncounted.entry} (company.yaml)", highlight=False
            )
        console.print(say_outlook(outlook, zone=company.zone), highlight=False, soft_wrap=True)
        console.print(describe_consent(consent), highlight=False, soft_wrap=True)
        for system, external_id in ids.items():
            console.print(f"in the {system.upper()}: {external_id or 'not known there'}", highlight=False)
    if not explanation.agrees:
        raise PermanentError("the ledger does not sum to the stored score; run leadops audit")


def _explain_past(lead: str, known_on: date, *, config: Config, as_json: bool) -> None:
    """Print the points of `lead` as they stood at the end of the day `known_on`."""
    with open_database() as connection:
        asked = resolve_known_on(
            known_on,
            zone=config.company.zone,
            now=clock(),
            first=find_first_points(connection, find_scored_lead(connection, lead)),
        )
        explanation = explain_score(connection, lead, grades=config.scoring.grades, known_by=asked.known_by)
    if as_json:
        print_json(asdict(explanation), default=lambda moment: moment.isoformat())
        return
    _print_points(explanation, config.company)
    _print_sum(explanation)
    console.print(
        "by today's grades; without --known-on come stages, the model's parts and what the lead still needs",
        highlight=False,
        soft_wrap=True,
    )


def _print_points(explanation: ScoreExplanation, company: Company) -> None:
    if explanation.lines:
        console.print(_draw(explanation, company))
    if explanation.machine_acts:
        console.print(_draw_machine_acts(explanation.machine_acts, company))


def _print_sum(explanation: ScoreExplanation) -> None:
    console.print(
        f"lead {explanation.lead_id}: fit {explanation.fit} + behaviour {explanation.behaviour}"
        f" + model {explanation.model} = {explanation.total},"
        f" shown as {explanation.shown}, grade {explanation.grade}"
    )


def _draw(explanation: ScoreExplanation, company: Company) -> Table:
    when = f"happened ({company.timezone})"
    table = Table(when, "points", "sum", "dimension", "kind", "event", "reason")
    for is_decay, lines in groupby(explanation.lines, key=lambda line: line.kind == "decay"):
        for line in [_fold(list(lines))] if is_decay else lines:
            table.add_row(
                f"{line.occurred_at.astimezone(company.zone):%Y-%m-%d %H:%M:%S}",
                f"{line.points:+d}",
                str(line.running),
                line.dimension,
                line.kind,
                " ".join(each for each in (line.event, line.page) if each),
                "" if line.reason == line.event else line.reason,
            )
    return table


def _draw_machine_acts(acts: list[MachineAct], company: Company) -> Table:
    """Draw the acts of machines struck through; those that were freed count, and stand as they are."""
    table = Table(
        f"happened ({company.timezone})", "act", "mail", "link", "signal", "reason", title="machines"
    )
    for act in acts:
        table.add_row(
            f"{act.occurred_at.astimezone(company.zone):%Y-%m-%d %H:%M:%S}",
            act.event,
            act.mail or "",
            act.link or "",
            act.signal,
            f"counts again: {act.freed_because}" if act.freed_because else act.reason,
            style=None if act.freed_because else "strike",
        )
    return table


def _fold(lines: list[LedgerLine]) -> LedgerLine:
    """Return nights between which nothing else happened as one line: its last, with the points of all."""
    points = sum(line.points for line in lines)
    nights = f"{len(lines)} nights, " if len(lines) > 1 else ""
    return replace(lines[-1], points=points, reason=nights + lines[-1].reason)


def _draw_model(model: ModelExplanation, company: Company) -> Table:
    """Draw what each feature adds; the points sum to the lead's points of the model."""
    as_of = model.as_of.astimezone(company.zone)
    table = Table(
        "feature",
        "points",
        title=f"model {model.model_id}, {as_of:%Y-%m-%d %H:%M %Z}: chance {model.probability:.3f}",
    )
    for part in model.parts:
        table.add_row(part.feature, f"{part.points:+d}")
    if model.written_off:
        table.add_row("written off: the MA refused them", f"{model.written_off:+d}")
    table.add_row("in all", f"{model.points + model.written_off:+d}")
    return table


def _draw_stages(stages: list[StageReached], company: Company) -> Table:
    table = Table("stage", "cycle", f"reached ({company.timezone})", "because of")
    for each in stages:
        at = f"{each.occurred_at.astimezone(company.zone):%Y-%m-%d %H:%M:%S}"
        table.add_row(each.stage, str(each.cycle), at, each.because)
    return table
