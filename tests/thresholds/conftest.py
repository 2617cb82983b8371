"""A company with MQLs, what became of them, and salespeople, each as one line."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.configuration import collect_threshold_context
from leadops.db import Connection
from leadops.thresholds.apply_threshold import ThresholdRow, apply_threshold
from leadops.thresholds.propose_threshold import ThresholdProposal, propose_threshold
from leadops.thresholds.rollback import RollbackVerdict, evaluate_rollback
from leadops.thresholds.threshold_context import ThresholdContext, end_of
from tests.shipped import SHIPPED

#: A Tuesday; in Tokyo it ends at 15:00 UTC.
DAY = date(2026, 6, 30)


def load_quick_rules() -> ThresholdContext:
    rules = collect_threshold_context(SHIPPED)
    return replace(rules, thresholds=rules.thresholds.model_copy(update={"replicates": 100}))


@dataclass
class Firm:
    connection: Connection
    rules: ThresholdContext = field(default_factory=load_quick_rules)
    leads: int = 0

    def set(self, **changes: Any) -> None:
        self.rules = replace(self.rules, thresholds=self.rules.thresholds.model_copy(update=changes))

    def mqls(
        self,
        total: int,
        *,
        leads: int,
        sqls: int = 0,
        day: date = DAY - timedelta(days=60),
        known: datetime | None = None,
        hours: float = 12,
        sql_after_days: float = 1,
        backfill: bool = False,
        wait: float | None = 5,
    ) -> None:
        """So many MQLs of a local `day`, one a second from `hours` on; the first of them became SQL.

        All were contacted after `wait` minutes; None: never.
        """
        first, self.leads = self.leads + 1, self.leads + leads
        numbers = list(range(first, first + leads))
        start = end_of(day - timedelta(days=1), self.rules.company) + timedelta(hours=hours)
        for stage, ids, after in (
            ("mql", numbers, timedelta()),
            ("sql", numbers[:sqls], timedelta(days=sql_after_days)),
        ):
            self.connection.execute(
                "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at,"
                " evidence, kpi_version)"
                " select id, 1, %(stage)s, %(start)s + (id - %(first)s) * interval '1 s',"
                " coalesce(%(known)s, %(start)s + (id - %(first)s) * interval '1 s'), %(evidence)s, '2026-Q1'"
                " from unnest(%(ids)s::bigint[]) as id",
                {
                    "stage": stage,
                    "start": start + after,
                    "first": first,
                    "ids": ids,
                    "known": known,
                    "evidence": Jsonb({"total": total, "backfill": backfill} if stage == "mql" else {}),
                },
            )
        self.connection.execute(
            "insert into sla.clocks (lead_id, cycle, clock, started_at, warn_at, due_at, target_minutes,"
            " policy, stopped_at, business_minutes, evidence)"
            " select id, 1, 'first_contact', %(start)s, %(start)s,"
            " %(start)s + interval '4 h', 240, '', %(start)s + %(wait)s * interval '1 min', %(wait)s, '{}'"
            " from unnest(%(ids)s::bigint[]) as id",
            {"start": start, "wait": wait, "ids": numbers},
        )
        if wait is not None:
            self.connection.execute(
                "insert into lifecycle.facts (lead_id, cycle, fact, occurred_at, activity_id)"
                " select id, 1, 'contact', %(start)s + %(wait)s * interval '1 min', 'a' || id"
                " from unnest(%(ids)s::bigint[]) as id",
                {"start": start, "wait": wait, "ids": numbers},
            )
        self.connection.commit()

    def reps(self, count: int, **profile: Any) -> None:
        self.connection.execute("truncate crm.reps")
        for number in range(count):
            body = {"zone": "Asia/Tokyo", "capacity_per_day": 100, **profile}
            self.connection.execute(
                "insert into crm.reps values (%s, %s, %s)", [f"rep-{number}", Jsonb(body), datetime.now(UTC)]
            )
        self.connection.commit()

    def history(self) -> None:
        """Ripe MQLs at 60, 65, 70, 80 and 90 points, of which 2, 5, 10, 30 and 50 % became SQL."""
        for total, sqls in ((60, 4), (65, 10), (70, 20), (80, 60), (90, 100)):
            self.mqls(total, leads=200, sqls=sqls)

    def arrive(self, *totals: int, leads: int) -> None:
        """So many MQLs of each total in the window, half of them two weeks ago; contacted, not yet mature."""
        for days in (14, 7):
            for total in totals:
                self.mqls(total, leads=leads // 2, day=DAY - timedelta(days=days))

    def propose(self, day: date = DAY, **options: Any) -> ThresholdProposal:
        return propose_threshold(self.connection, day=day, context=self.rules, now=self.after(day), **options)

    def propose_at(self, day: date, now: datetime) -> ThresholdProposal:
        return propose_threshold(self.connection, day=day, context=self.rules, now=now)

    def decide(self, value: int | None, day: date, *, sla: float | None = None, **forecasts: Any) -> None:
        """A change that came into force in the night after `day`."""
        facts = {
            "before": {"value": None, "sla_minutes": None},
            "now": {"leads": 100, "sqls": 10},
            "then": {"leads": 50, "sqls": 10, "sla_minutes": sla or 240},
        }
        self.connection.execute(
            "insert into lifecycle.thresholds (day, kpi_version, value, sla_minutes, effective_at,"
            " proposed_at, decided_by, reason, plan, facts, hash)"
            " values (%s, '2026-Q1', %s, %s, %s, %s, 'automatic', '', 'apply', %s, 'h')",
            [day, value, sla, self.after(day), self.after(day), Jsonb(facts | forecasts)],
        )
        self.connection.commit()

    def points(self, lead: int, *, fit: int, behaviour: int, day: date) -> None:
        for dimension, count in (("fit", fit), ("behaviour", behaviour)):
            self.connection.execute(
                "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at,"
                " recorded_at, lane, reason) values (%s, %s, %s, 'rule', '', %s, %s, 0, '')",
                [lead, count, dimension, self.after(day), self.after(day)],
            )
        self.connection.commit()

    def apply(self, day: date = DAY, now: datetime | None = None) -> ThresholdRow:
        return apply_threshold(
            self.connection, day=day, context=self.rules, now=now or self.after(day, hours=4)
        )

    def evaluate_rollback(self, day: date = DAY) -> RollbackVerdict:
        return evaluate_rollback(self.connection, day=day, context=self.rules, now=self.after(day))

    def after(self, day: date = DAY, *, hours: float = 3.5) -> datetime:
        return end_of(day, self.rules.company).astimezone(UTC) + timedelta(hours=hours)

    def rows(self) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            "select day, value, sla_minutes, decided_by, plan, proposed_value, reason"
            " from lifecycle.thresholds order by day"
        ).fetchall()


@pytest.fixture
def firm(connection: Connection) -> Firm:
    return Firm(connection)
