"""Decides which leads are new MQLs, and records them with their evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import NEWS_FOR
from leadops.lifecycle.account_states import read_account_states
from leadops.lifecycle.kpi_contract import AccountRule, KpiVersion, MqlRule
from leadops.lifecycle.ledger_cursor import LedgerCursor, find_horizon, move_cursor
from leadops.lifecycle.publish import NewMql
from leadops.normalization.dimension_keys import make_dimension_key
from leadops.queries import Queries

queries = Queries(__file__)


class CampaignVisit(NamedTuple):
    """What an event of a lead says about where it came from, as it was sent."""

    lead_id: int
    campaign: str
    source: str | None


def decide_mqls(
    connection: Connection,
    *,
    version: KpiVersion,
    cursor: LedgerCursor,
    ended: Sequence[int],
    ended_long_ago: Sequence[int] = (),
    now: datetime,
    fold_case: bool,
) -> list[NewMql]:
    """Record the leads that pass the thresholds of `version` now, and return them.

    Candidates are leads with ledger rows behind `cursor` and leads whose cycle has `ended`; after a change of
    the thresholds, all leads. Of leads that, by a changed contract, `ended_long_ago`, points that were known
    before this run make a backfill MQL. An MQL has the campaign and source of the last visit that names a
    campaign, as keys (with `fold_case` without case). Moves the cursor.
    """
    rule = find_rule(connection, version, now=now)
    thresholds = describe_thresholds(version, rule)
    horizon = find_horizon(connection)
    queries.run(connection, "create_new_mqls")
    queries.run(connection, "clear_new_mqls")
    passing = queries.run(
        connection,
        "decide_mqls",
        from_seq=cursor.ledger_seq,
        to_seq=horizon,
        ended=list(ended),
        rescan=cursor.thresholds not in (None, thresholds),
        fit=rule.fit,
        behaviour=rule.behaviour,
        total=rule.total,
        again_behaviour=rule.again_behaviour,
        claims=rule.claims,
    )
    mqls: list[NewMql] = []
    if passing:
        queries.run(connection, "analyze_new_mqls")
        _judge_accounts(connection, rule.account)
        _name_visits(connection, now=now, fold_case=fold_case)
        mqls = queries.all(
            connection,
            "record_mqls",
            NewMql,
            from_seq=cursor.ledger_seq,
            reasons=rule.reasons,
            version=version.version,
            now=now,
            news_since=now - NEWS_FOR,
            ended_long_ago=list(ended_long_ago),
        )
    move_cursor(connection, to_seq=horizon, thresholds=thresholds)
    return mqls


def _judge_accounts(connection: Connection, rule: AccountRule) -> None:
    """Note the state of the account of each new MQL and what it means; drop those that `rule` ignores."""
    leads = queries.values(connection, "list_new_mqls")
    known = read_account_states(connection, leads)
    if known:
        means = {lead_id: getattr(rule, account.state) for lead_id, account in known.items()}
        queries.run(
            connection,
            "note_accounts",
            leads=list(known),
            states=[account.state for account in known.values()],
            colleagues=[account.colleague_id for account in known.values()],
            meanings=list(means.values()),
        )
        queries.run(connection, "drop_ignored")


def _name_visits(connection: Connection, *, now: datetime, fold_case: bool) -> None:
    """Give the new MQLs the campaign and source of the last visit whose campaign is a name."""
    named: dict[int, tuple[str, str | None]] = {}
    for visit in queries.all(connection, "list_visits", CampaignVisit, now=now):
        campaign = make_dimension_key(visit.campaign, fold_case=fold_case)
        if campaign is not None and visit.lead_id not in named:
            named[visit.lead_id] = campaign, make_dimension_key(visit.source, fold_case=fold_case)
    if named:
        campaigns, sources = zip(*named.values(), strict=True)
        queries.run(
            connection, "name_visits", leads=list(named), campaigns=list(campaigns), sources=list(sources)
        )


def find_rule(connection: Connection, version: KpiVersion, *, now: datetime) -> MqlRule:
    """Return the rule of `version`, with the total of the daily threshold that is active at `now`."""
    total = queries.value(connection, "find_total", version=version.version, now=now)
    return version.mql if total is None else version.mql.model_copy(update={"total": total})


def describe_thresholds(version: KpiVersion, rule: MqlRule) -> str:
    """Return the thresholds as text: while it stays equal, leads that failed before need no second look."""
    numbers = [rule.fit, rule.behaviour, rule.again_behaviour]
    total = [] if rule.total is None else [rule.total]
    # A state that is not ignored any more makes MQLs of leads that failed before.
    ignored = [f"ignore-{state}" for state, means in rule.account.model_dump().items() if means == "ignore"]
    claims = ["claims"] if rule.claims else []
    return " ".join(map(str, [version.version, *numbers, *total, *claims, *ignored]))
