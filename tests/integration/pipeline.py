"""The whole pipeline under one hand: events in at the gateway, points out in the MA, and proof at the end."""

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import httpx

from leadops.db import Connection
from leadops.delivery.dead_letters import list_dead_letters, retry_dead_letters
from leadops.identity.resolve import resolve_events
from leadops.lanes import Lane
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_interval
from leadops.scoring.scoring_rules import RuleSet
from tests.async_view import accept_events
from tests.delivery_fixture import DeliveryFixture, clock
from tests.scoring.conftest import TOKYO, World
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

EVENTS = SHIPPED.events
IDENTITY = SHIPPED.identity

#: The reason of the one fault that makes dead letters.
REFUSED_ROW = "refused by a rule of this MA"


@dataclass
class Pipeline:
    """A desk to deliver from, a gateway before it, and the rules of now."""

    desk: DeliveryFixture
    gateway: httpx.Client
    rules: RuleSet = field(default_factory=lambda: SHIPPED.scoring)
    chunk: int = 500_000
    #: event_ids that somebody was told are taken, each as often as it was told to be new.
    taken: list[str] = field(default_factory=list)
    held: list[tuple[Connection, list[str]]] = field(default_factory=list)

    def clear(self) -> None:
        """Empty every table; what the MA knows stays, under ids and keys that do not come again."""
        while self.held:  # those of an example that failed
            self.release(0, keep=False)
        with self.desk.connect() as connection:
            tables = connection.execute(
                "select string_agg(format('%I.%I', schemaname, tablename), ',') from pg_tables"
                " where schemaname in ('cdp', 'identity', 'scoring', 'delivery')"
                " and tablename <> 'installation'"
            ).fetchone()
            assert tables
            connection.execute(f"truncate {tables[0]} restart identity".encode())
            connection.execute(
                "update delivery.installation set installation_id = substr(md5(random()::text), 1, 8)"
            )
        self.taken, self.held = [], []

    # Events in

    def post(self, happenings: Sequence[Happening]) -> httpx.Response:
        """Send a batch to the gateway once; what it says is taken is noted."""
        response = self.gateway.post("/collect", json=[item(each) for each in happenings])
        if response.status_code == 202:
            assert response.json()["quarantined"] == []
            self.note(happenings, response.json()["accepted"])
        return response

    def note(self, happenings: Iterable[Happening], accepted: int) -> None:
        """Remember what an answer promised: of these events, `accepted` are new."""
        new = {each.event_id for each in happenings} - set(self.taken)
        assert accepted == len(new), "an event counted as new twice, or as known before it was"
        self.taken += sorted(new)

    def post_at_once(self, happenings: Sequence[Happening]) -> None:
        """Send the same events three times at once, in two orders, by two ways: each is new only once."""

        def by_gateway(batch: Sequence[Happening]) -> int:
            response = self.gateway.post("/collect", json=[item(each) for each in batch])
            response.raise_for_status()
            return int(response.json()["accepted"])

        def by_hand(batch: Sequence[Happening]) -> int:
            with self.desk.connect() as connection:
                return self._accept(connection, batch)

        with ThreadPoolExecutor(3) as pool:
            answers = [
                pool.submit(by_gateway, happenings),
                pool.submit(by_gateway, happenings[::-1]),
                pool.submit(by_hand, happenings),
            ]
            self.note(happenings, sum(answer.result() for answer in answers))

    def hold(self, happenings: Sequence[Happening]) -> None:
        """Take events in a transaction that stays open: its seqs are drawn now, and seen much later."""
        connection = self.desk.connect()
        self._accept(connection, happenings)
        self.held.append((connection, [each.event_id for each in happenings]))

    def release(self, place: int, *, keep: bool = True) -> list[str]:
        """End one open transaction; return the event_ids that were lost with it, to be sent again."""
        if not self.held:
            return []
        connection, event_ids = self.held.pop(place % len(self.held))
        if keep:
            connection.commit()
            self.taken += event_ids
        connection.close()  # without a commit: as a gateway that dies
        return [] if keep else event_ids

    def _accept(self, connection: Connection, happenings: Sequence[Happening]) -> int:
        batch: list[object] = [item(each) for each in happenings]
        return accept_events(connection, batch, now=clock(), settings=EVENTS, history=True).accepted

    # Points out

    def resolve(self, *, limit: int | None = None) -> None:
        with self.desk.connect() as connection:
            while resolve_events(
                connection, now=clock(), settings=IDENTITY, limit=limit or self.chunk
            ).remaining:
                pass

    def score(self, *, limit: int | None = None, lane: int | None = None) -> int:
        """Score until nothing waits in `lane`; return the ledger rows written."""
        rows = 0
        with self.desk.connect() as connection:
            while True:
                done = score_leads(
                    connection,
                    rules=self.rules,
                    zone=TOKYO,
                    now=clock(),
                    limit_leads=limit or self.chunk,
                    lane=lane,
                )
                rows += done.rows
                if not done.remaining:
                    return rows

    def run_minute(self, *, limit: int | None = None, seconds: float = 1.5) -> None:
        """Do what the minute run does: resolve, then score, and push beside it."""
        self.resolve(limit=limit)
        has_ended = Event()
        with ThreadPoolExecutor(1) as pool:
            pushing = pool.submit(self.desk.push, seconds=seconds, may_grow=lambda: not has_ended.is_set())
            try:
                self.score(limit=limit)
            finally:
                has_ended.set()
            pushing.result()

    def backfill(self, *, minutes: float = 60) -> int:
        """Score again what was received in the last `minutes`; return the ledger rows written."""
        now = clock()
        with self.desk.connect() as connection:
            enqueue_interval(connection, start=now - timedelta(minutes=minutes), end=now)
        return self.score(lane=Lane.BACKFILL)

    def start(self, *, limit: int | None = None) -> Any:
        """Start a minute run in a process of its own."""
        process = multiprocessing.get_context("fork").Process(
            target=self.run_minute, kwargs={"limit": limit}, daemon=True
        )
        process.start()
        return process

    # The end

    def finish(self) -> None:
        """With every fault gone, run until nothing waits, and send again what the MA refused."""
        while self.held:
            self.release(0)
        self.desk.heal()
        while True:
            self.resolve()
            self.score()
            if self.desk.push().calls:
                continue
            with self.desk.connect() as connection:
                letters = list_dead_letters(connection)
                assert {letter.reason for letter in letters} <= {REFUSED_ROW}
                retry_dead_letters(connection, letters, now=clock())
            if not letters:
                return

    @contextmanager
    def world(self) -> Iterator[World]:
        with self.desk.connect() as connection:
            yield World(connection)

    def totals(self) -> dict[str, Any]:
        """Return everything that a run with nothing to do must leave as it is."""
        tables = ("cdp.events", "identity.leads", "identity.aliases", "identity.resolved_events")
        tables += ("identity.unresolved_events", "scoring.ledger", "delivery.batches", "delivery.outbox")
        with self.desk.connect() as connection:
            counts = {
                table: connection.execute(f"select count(*) from {table}".encode()).fetchone()
                for table in tables
            }
            scores = connection.execute("select lead_id, fit, behaviour from scoring.scores order by 1")
            counts["scores"] = scores.fetchall()
        return counts | {"ma": self.desk.state()["ma"]}


def item(happening: Happening) -> dict[str, Any]:
    """Return a happening as a sender writes it."""
    found = {
        "event_id": happening.event_id,
        "event": happening.event,
        "ts": happening.ts.astimezone(UTC).isoformat(),
        "email": happening.email,
        "user_id": happening.user_id,
        "anonymous_id": happening.anonymous_id,
        "properties": happening.properties,
        "context": happening.context,
    }
    return {name: value for name, value in found.items() if value is not None}


def days_since(moment: datetime) -> timedelta:
    """Return the whole days since `moment`."""
    return timedelta(days=(clock() - moment).days)
