"""Events put straight into the tables, and what came out of resolving and scoring them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.identity.resolve import ResolveResult, resolve_events
from leadops.scoring.score import ScoringResult, score_leads
from leadops.scoring.scoring_rules import RuleSet
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


class World:
    """One database: events go in, leads and points come out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.identity = SHIPPED.identity

    def clear(self) -> None:
        self.connection.execute(
            "truncate cdp.events, identity.inbox, identity.leads, identity.aliases, identity.resolved_events,"
            " identity.unresolved_events, identity.traits, identity.sightings, identity.violations,"
            " identity.accounts,"
            " scoring.inbox, scoring.rule_sets, scoring.ledger, scoring.scores,"
            " scoring.decay_schedule, scoring.decay_progress, scoring.rule_files,"
            " scoring.rollbacks, scoring.rolled_back_rows, scoring.point_bounds,"
            " identity.claims, identity.claimed_browsers, cdp.replaced_events,"
            " identity.people, identity.lead_merges, identity.do_not_merge, identity.late_events,"
            " identity.kept_ties, identity.mailboxes,"
            " identity.unannounced_leads,"
            " lifecycle.merge_changes, delivery.outbox restart identity"
        )
        self.connection.execute("update identity.progress set last_seq = 0, merge_settings = null")
        self.connection.commit()

    def accept(self, happenings: Iterable[Happening], *, received_at: datetime = NOW) -> None:
        with self.connection.transaction():
            for each in happenings:
                self.connection.execute(
                    "with made as (insert into cdp.events"
                    " (event_id, event, ts, received_at, anonymous_id, user_id, email, payload, proof)"
                    " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning *)"
                    " insert into identity.inbox (event_seq, says_consent)"
                    " select seq, nullif(cdp.says_consent(event, proof, payload), false) from made",
                    [
                        each.event_id,
                        each.event,
                        each.ts,
                        received_at,
                        each.anonymous_id,
                        each.user_id,
                        each.email,
                        Jsonb({"properties": each.properties, "context": each.context}),
                        each.proof,
                    ],
                )

    def resolve(self, *, limit: int | None = None, now: datetime = NOW) -> list[ResolveResult]:
        return _drain(lambda: resolve_events(self.connection, now=now, settings=self.identity, limit=limit))

    def score(
        self, rules: RuleSet, *, now: datetime = NOW, zone: ZoneInfo = TOKYO, **options: Any
    ) -> list[ScoringResult]:
        return _drain(lambda: score_leads(self.connection, rules=rules, zone=zone, now=now, **options))

    def run(
        self, rules: RuleSet, happenings: Iterable[Happening] = (), **options: Any
    ) -> list[ScoringResult]:
        self.accept(happenings)
        self.resolve()
        return self.score(rules, **options)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def owners(self) -> dict[str, str]:
        return dict(
            self.rows(
                "select e.event_id, l.email from identity.resolved_events r"
                " join cdp.events e on e.seq = r.event_seq join identity.leads l using (lead_id)"
            )
        )

    def points(self) -> dict[tuple[str, str | None, str], int]:
        """Return (email, event_id or None, rule) -> points that scoring gave, where they are not 0."""
        found = self.rows(
            "select l.email, e.event_id, g.rule, sum(g.points) from scoring.ledger g"
            " join identity.leads l using (lead_id) left join cdp.events e on e.seq = g.event_seq"
            " where g.kind in ('rule', 'correction') group by 1, 2, 3 having sum(g.points) <> 0"
        )
        return {(email, event_id, rule): points for email, event_id, rule, points in found}

    def totals_differ(self) -> list[tuple[Any, ...]]:
        """Return the leads and dimensions where the ledger does not sum to the score."""
        return self.rows(
            "select * from (select lead_id, coalesce(sum(points) filter (where dimension = 'fit'), 0) as fit,"
            " coalesce(sum(points) filter (where dimension = 'behaviour'), 0) as behaviour"
            " from scoring.ledger group by lead_id) as sums"
            " full join scoring.scores s using (lead_id)"
            " where (sums.fit, sums.behaviour) is distinct from (s.fit::bigint, s.behaviour::bigint)"
        )


def _drain(step: Callable[[], Any]) -> list[Any]:
    done = [step()]
    while done[-1].remaining:
        done.append(step())
    return done


@pytest.fixture
def world(connection: Connection) -> World:
    return World(connection)


def at(minutes: float) -> datetime:
    """Return the moment `minutes` after the start of 1 March 2026 in Tokyo."""
    return datetime(2026, 3, 1, tzinfo=TOKYO).astimezone(UTC) + timedelta(minutes=minutes)
