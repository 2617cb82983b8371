"""Writes what becomes of a lead: its state, the reasons, the CRM's owner, and who is to be told."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane
from leadops.routing.decide import Decision
from leadops.routing.rules import RoutingRules
from leadops.routing.work import Work


@dataclass(frozen=True)
class Outcome:
    """What becomes of a lead; without news nobody is told and no assignment is written."""

    state: str
    rep_id: str | None = None
    queue: str | None = None
    cause: str = "mql"
    why: str | None = None
    decision: Decision | None = None
    moves: int = 0
    is_late: bool = False
    look_at: datetime | None = None
    alarm_at: datetime | None = None
    owns_account: bool = True
    is_news: bool = True

    @property
    def counts(self) -> Counter[str]:
        """What a run counts."""
        return Counter(
            assigned=self.is_news and self.why in ("account", "share"),
            account=self.is_news and self.why == "account",
            breach=self.is_news and self.cause == "breach",
            queued=self.is_news and self.why == "queue",
            closed=self.state == "closed",
        )


class Recorder:
    """Writes outcomes in the caller's transaction."""

    def __init__(self, connection: Connection, *, rules: RoutingRules, now: datetime) -> None:
        self._connection, self._rules, self._now = connection, rules, now
        self._hash = rules.fingerprint()
        self._kept = rules.used() | {derivation.source for derivation in rules.derive.values()}
        found = connection.execute("select installation_id from delivery.installation").fetchone()
        self._installation = found[0] if found else ""

    def record(self, work: Work, outcome: Outcome) -> None:
        """Write one outcome."""
        self._write_lead(work, outcome)
        if not outcome.is_news or outcome.why is None:
            return
        self._connection.execute(
            load_sql("leadops.routing", "drop_older_notices"), work.key | {"now": self._now}
        )
        assignment_id = self._write_assignment(work, outcome)
        if outcome.rep_id is not None and outcome.owns_account:
            self._connection.execute(
                load_sql("leadops.routing", "upsert_account"),
                {"account": work.account, "rep_id": outcome.rep_id, "now": self._now},
            )
        if outcome.why == "taken":
            return
        off_hours = outcome.queue == self._rules.after_hours.name
        owner = outcome.rep_id or (self._rules.after_hours.owner_id if off_hours else None)
        if owner is not None:
            self._want("crm", "set_owner", work, {"owner_id": owner})
        if work.is_quiet:
            return
        if off_hours and self._rules.after_hours.bot:
            about = {"lead_id": work.lead_id, "qualified_at": work.qualified_at.isoformat()}
            self._want("bot", "take_over", work, about | {"queue": outcome.queue})
        if (outcome.rep_id is not None or off_hours) and self._rules.slack.enabled:
            self._connection.execute(
                "insert into routing.notices (assignment_id, created_at) values (%s, %s)",
                [assignment_id, self._now],
            )

    def _write_lead(self, work: Work, outcome: Outcome) -> None:
        statement = "upsert_lead" if outcome.is_news else "keep_lead"
        self._connection.execute(
            load_sql("leadops.routing", statement),
            work.key
            | {
                "state": outcome.state,
                "rep_id": outcome.rep_id,
                "queue": outcome.queue,
                "account": work.account,
                "is_quiet": work.is_quiet,
                "qualified_at": work.qualified_at,
                "now": self._now,
                "moves": outcome.moves,
                "is_late": outcome.is_late,
                "look_at": outcome.look_at,
                "alarm_at": outcome.alarm_at,
            },
        )

    def _write_assignment(self, work: Work, outcome: Outcome) -> int:
        decision = outcome.decision or Decision()
        facts = self._rules.complete({name: str(value) for name, value in work.traits.items()})
        row = self._connection.execute(
            load_sql("leadops.routing", "insert_assignment"),
            work.key
            | {
                "number": work.times + 1,
                "rep_id": outcome.rep_id,
                "queue": outcome.queue,
                "why": outcome.why,
                "cause": outcome.cause,
                "rule": decision.rule,
                "is_quiet": work.is_quiet,
                "now": self._now,
                "waited_minutes": (self._now - work.qualified_at) / timedelta(minutes=1),
                "facts": Jsonb({name: facts[name] for name in sorted(self._kept & set(facts))}),
                "passed_over": Jsonb(decision.passed_over),
                "rules": self._hash,
            },
        ).fetchone()
        return int(row[0]) if row else 0

    def _want(self, target: str, operation: str, work: Work, payload: dict[str, Any]) -> None:
        number = f"{work.lead_id}-{work.cycle}-{work.times + 1}"
        key = f"{target}-{operation.replace('_', '-')}-{number}"
        leads = {key: work.crm_lead if target == "crm" else work.lead_id}
        if target == "crm":
            leads |= {f"{key}-{lead}": lead for lead in self._others_in_crm(work)}
        for each, lead in leads.items():
            enqueue_effect(
                self._connection,
                target=target,
                operation=operation,
                payload=payload | {"idempotency_key": f"{self._installation}-{each}"},
                idempotency_key=each,
                lead_id=lead,
                now=self._now,
                lane=Lane.BACKFILL if work.is_quiet else Lane.LIVE,
            )

    def _others_in_crm(self, work: Work) -> list[int]:
        """Return the further leads under which the CRM knows the person."""
        others = [lead for lead in work.members if lead != work.crm_lead]
        if not others:
            return []
        found = self._connection.execute(load_sql("leadops.routing", "list_in_crm"), {"leads": others})
        return [lead for (lead,) in found]
