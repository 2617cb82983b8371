"""`leadops audit`: ledger = scores = MA, lead by lead."""

import getpass
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, find_product, open_database, read_config
from leadops.cli.terminal import console
from leadops.db import Connection
from leadops.delivery.account_guard import holding_own_account
from leadops.delivery.audit import audit_scores
from leadops.delivery.compare_scores import UnmatchedLead
from leadops.delivery.daily_quota import note_reads
from leadops.delivery.database_mark import ON_HOLD, find_hold
from leadops.delivery.reconcile import reconcile_scores
from leadops.errors import PermanentError
from leadops.products.product_client import ProductClient


def audit(
    limit: Annotated[int, typer.Option(help="Show at most this many of each list.", min=1)] = 50,
    correct: Annotated[
        bool, typer.Option("--correct", help="Correct the MA, up to a night's limit.")
    ] = False,
) -> None:
    """Compare, for every lead, the sum of the ledger, the score and the score in the MA.

    Points that are not delivered yet are deducted and counted. If leads differ, lists them and exits with 1.
    Leads that are gone from the MA are counted and not compared (`leadops gone list`).
    Leads of the MA that leadops does not know are listed by the MA's id. With --correct, the next push
    corrects leads that differ in the MA, unless there are more than audit.max_corrections of delivery.yaml.
    """
    client = ProductClient(find_product("ma"))
    with open_database() as connection, console.status("comparing every lead with the MA …"):
        try:
            with holding_own_account(connection, client, target="ma", now=clock()):
                lines, unmatched, is_right = (_correct if correct else _compare)(connection, client, limit)
        finally:
            if outcomes := client.take_outcomes():
                note_reads(connection, "ma", outcomes=outcomes, reading=client.take_quota(), now=clock())
    for line in lines:
        console.print(line)
    if unmatched:
        shown = ", ".join(f"{lead.ma_id} ({lead.score})" for lead in unmatched[:limit])
        console.print(f"in the MA, but not ours, with their scores: {shown}", soft_wrap=True)
    if not is_right:
        raise typer.Exit(1)


Shown = tuple[list[str | Table], list[UnmatchedLead], bool]


def _compare(connection: Connection, client: ProductClient, limit: int) -> Shown:
    result = audit_scores(
        connection, client, max_missing=read_config().delivery.audit.max_missing, now=clock()
    )
    lines: list[str | Table] = []
    if result.differences:
        has_causes = any(each.cause for each in result.differences)
        table = Table("lead", "ledger", "score", "MA", "under way", *(["cause"] if has_causes else []))
        for each in result.differences[:limit]:
            numbers = (each.lead_id, each.ledger, each.score, each.ma, each.under_way)
            table.add_row(*map(str, numbers), *([each.cause] if has_causes else []))
        lines.append(table)
    lines.append(
        f"{result.leads} leads, {result.ma_leads} in the MA ({result.unmatched} of them not ours),"
        f" {result.under_way} with points under way, {result.gone} gone from the MA: "
        + (f"{len(result.differences)} differ" if result.differences else "all agree")
    )
    if result.unreadable:
        shown = ", ".join(map(str, result.unreadable[:limit]))
        lines.append(
            f"{len(result.unreadable)} with a score in the MA that is not a whole number: leads {shown}"
        )
    return lines, result.unmatched_leads, not (result.differences or result.unreadable)


def _correct(connection: Connection, client: ProductClient, limit: int) -> Shown:
    config = read_config()
    now = clock()
    if find_hold(connection):
        raise PermanentError(ON_HOLD)
    connection.commit()
    done = reconcile_scores(
        connection,
        client,
        settings=config.delivery.audit,
        night=now.astimezone(config.company.zone).date(),
        audited_by=f"leadops audit, {getpass.getuser()}",
        now=now,
    )
    lines: list[str | Table] = [
        f"{done.leads} leads, {done.ma_leads} in the MA ({done.unmatched} of them not ours):"
        f" {done.differing} differ, {done.corrected} are corrected with the next push,"
        f" {done.missing_in_ma} newly missing in the MA, {done.gone} gone from it,"
        f" {done.inconsistent} inconsistent,"
        f" {done.under_way} under way"
    ]
    if done.unreadable:
        lines.append(f"{done.unreadable} with a score in the MA that is not a whole number")
    if done.limit_exceeded:
        lines.append("more than the limits of audit in delivery.yaml allow: nothing was corrected")
    if done.uncorrected:
        lines.append(f"not corrected: leads {', '.join(map(str, done.uncorrected[:limit]))}")
    return lines, done.unmatched_leads, not (done.uncorrected or done.limit_exceeded)
