"""One round of a live lane: what came in is resolved, scored, qualified and assigned, in that order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.config.gated_settings import find_last_number
from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.lanes import Lane
from leadops.lifecycle.qualify import qualify_leads
from leadops.live.lane_config import LaneConfig, LaneWiring
from leadops.live.stage_backoff import StageBackoff
from leadops.live.waiting_work import LaneWork, notify_outbox
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS


@dataclass(frozen=True)
class RoundResult:
    """What a round did; `lag_seconds`: how old its oldest event was when its points were on record."""

    events: int = 0
    leads: int = 0
    mqls: int = 0
    assigned: int = 0
    lag_seconds: float | None = None
    remaining: bool = False  # a chunk was full, so more may wait

    @property
    def feeds_ma(self) -> bool:
        """Whether there may be something to send to the MA."""
        return bool(self.events or self.leads)


class LaneRound:
    """Runs rounds on one connection, by the settings of `config`; each stage commits for itself.

    No stage begins once something else is in force than `number` says (config.gated_settings): stages follow
    changed settings, and would undo what others did by the new ones.

    It may be killed anywhere, and others may run the same stages at once: they take turns, and each takes
    what is there. The stages of a round are those of score_leads, without the backfill
    lane of scoring, which is left to the minute.
    """

    def __init__(
        self,
        connection: Connection,
        config: LaneConfig,
        wiring: LaneWiring,
        stages: StageBackoff,
        *,
        number: int,
    ) -> None:
        self._connection, self._config, self._stages = connection, config, stages
        self._number = number
        self._clock = wiring.clock

    def run(self, waiting: LaneWork) -> RoundResult:
        """Do what `waiting` says, and what comes of it; return what was done."""
        events = leads = mqls = assigned = 0
        remaining = False

        def resolve() -> bool:
            nonlocal events, remaining
            result = resolve_events(
                self._connection,
                now=self._clock(),
                settings=self._config.identity,
                limit=self._config.settings.events_per_round,
            )
            events, remaining = result.events, result.remaining
            return result.leads_touched > 0

        def score() -> bool:
            nonlocal leads, remaining
            config = self._config
            result = score_leads(
                self._connection,
                rules=config.scoring,
                zone=config.zone,
                now=self._clock(),
                limit_leads=config.settings.leads_per_round,
                lane=Lane.LIVE,
                source=config.source,
                machines=config.machines,
            )
            leads, remaining = result.leads, remaining or result.remaining
            return result.rows > 0

        def qualify() -> bool:
            nonlocal mqls
            result = qualify_leads(
                self._connection,
                contract=self._config.kpi,
                subscribers=SUBSCRIBERS,
                fold_case=self._config.fold_case,
                now=self._clock(),
            )
            mqls = result.mql
            return mqls > 0

        def assign() -> bool:
            nonlocal assigned, remaining
            result = assign_leads(
                self._connection, rules=self._config.routing, zone=self._config.zone, now=self._clock()
            )
            assigned, remaining = result.assigned, remaining or result.remaining
            return assigned > 0

        has_leads = self._run("resolve", resolve, waiting.has_events)
        has_points = self._run("score", score, has_leads or waiting.has_leads)
        lag = self._measure_lag(waiting.oldest_at) if events else None
        has_mqls = self._run("qualify", qualify, has_points)
        has_owners = self._run("assign", assign, has_mqls or waiting.has_cycles)
        if has_mqls or has_owners:
            notify_outbox(self._connection)
        return RoundResult(events, leads, mqls, assigned, lag, remaining)

    def _run(self, stage: str, work: Callable[[], bool], has_work: bool) -> bool:
        """Run a stage that has work, or has failed and is due: whether it still does must come to light."""
        if not (has_work or self._stages.wants(stage)) or not self._is_current():
            return False
        return self._stages.run(self._connection, stage, work)

    def _is_current(self) -> bool:
        with self._connection.transaction():
            return find_last_number(self._connection) == self._number

    def _measure_lag(self, oldest_at: datetime | None) -> float | None:
        return max(0.0, (self._clock() - oldest_at).total_seconds()) if oldest_at else None
