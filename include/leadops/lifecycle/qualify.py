"""Decides when a lead is MQL, SAL, SQL, won or lost, once per cycle, and publishes what it records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.lifecycle.crm_links import link_awaited
from leadops.lifecycle.crm_words import forget_words, name_words
from leadops.lifecycle.decide_mqls import decide_mqls
from leadops.lifecycle.follow_merges import begin_merges, end_merges
from leadops.lifecycle.frozen_quarters import read_frozen_contracts
from leadops.lifecycle.import_stages import restore_stages
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.ledger_cursor import lock_cursor
from leadops.lifecycle.publish import (
    CycleKey,
    NewMql,
    Subscription,
    WithdrawnMql,
    publish_facts,
    publish_mqls,
    publish_people,
    publish_withdrawals,
)
from leadops.lifecycle.reevaluate_stages import (
    MAX_LEADS,
    count_waiting,
    follow_contract,
    note_result,
    renumber_people,
    take_leads,
)
from leadops.lifecycle.rule_spans import RuleSpan, list_rule_spans
from leadops.lifecycle.sales_facts import record_facts, take_activities
from leadops.lifecycle.sales_stages import RecordedStage, list_cycles, record_stages
from leadops.lifecycle.withdraw_mqls import withdraw_mqls


@dataclass(frozen=True)
class QualificationResult:
    """How many leads reached each stage in this run; what a changed contract moved counts apart."""

    mql: int
    sal: int
    sql: int
    won: int
    lost: int
    reevaluated: int = 0  # leads that another contract had decided
    moved: int = 0  # of these, leads whose stages changed
    waiting: int = 0  # leads that the next runs evaluate again
    withdrawn: int = 0  # MQLs that stood on acts of machines


def qualify_leads(
    connection: Connection,
    *,
    contract: KpiContract,
    subscribers: Sequence[Subscription],
    now: datetime,
    fold_case: bool,
    max_reevaluated: int = MAX_LEADS,
) -> QualificationResult:
    """Record the stages that leads have reached, in one transaction; concurrent runs wait for each other.

    The cost grows with what is new: ledger rows since the last run, activities in lifecycle.inbox, new CRM
    ids, merges and splits. An MQL occurs at `now`, when sales can first know; other stages occur at the time
    of the activity that completed them, and an activity that arrives late moves them earlier. An MQL whose
    new points all come from a backfill, from history or from changed thresholds is marked as backfill.
    With `fold_case` campaigns and sources that differ only in case are one (company.yaml).
    `subscribers` act on the new MQLs, facts and merges in the same transaction.

    What sales did is evaluated by `contract`, on the days of a frozen quarter by its frozen contract. After a
    change of these rules the run evaluates up to `max_reevaluated` leads again that other rules decided.
    What sales did before an MQL counts from the MQL on: it is evaluated in the same run.
    """
    with connection.transaction():
        lock_cursor(connection)
        spans = list_rule_spans(contract, read_frozen_contracts(connection))
        follow_contract(connection, spans, now=now)
        run = _QualificationRun(connection, contract, spans, subscribers, now, fold_case)
        run.follow_sales()
        run.withdraw_mqls()
        run.forget_words()
        run.reevaluate(max_reevaluated)
        while run.decide_mqls():
            run.follow_sales()
        run.publish_withdrawals()
        run.publish_people()
        return run.result(waiting=count_waiting(connection))


class _QualificationRun:
    """One run, in the caller's transaction."""

    def __init__(
        self,
        connection: Connection,
        contract: KpiContract,
        spans: Sequence[RuleSpan],
        subscribers: Sequence[Subscription],
        now: datetime,
        fold_case: bool,
    ) -> None:
        self._connection, self._contract, self._spans = connection, contract, spans
        self._subscribers, self._now, self._fold_case = subscribers, now, fold_case
        self._named = name_words(spans, contract.other_words)
        self._mqls, self._withdrawn = list[NewMql](), list[WithdrawnMql]()
        self._stages = list[RecordedStage]()
        self._people = set[int]()
        self._active, self._reevaluated, self._moved = set[int](), set[int](), set[int]()
        self._ended, self._ended_long_ago = set[int](), set[int]()

    def follow_sales(self) -> None:
        """Read new activities and apply merges."""
        connection, now = self._connection, self._now
        merged = begin_merges(connection, spans=self._spans, subscribers=self._subscribers, now=now)
        linked = link_awaited(connection, now=now)
        active = take_activities(connection, named=self._named, now=now)
        self._withdrawn += merged.withdrawn
        self._people.update(merged.leads)
        leads = sorted({*linked, *active, *merged.leads})
        if not leads:
            return
        stages = self._record_stages(self._record_facts(leads))
        self._stages += [stage for stage in stages if stage.lead_id not in self._reevaluated]
        self._active.update(leads)
        self._ended |= _list_ended(stages) - self._reevaluated
        end_merges(connection, merged.leads)

    def forget_words(self) -> None:
        """Drop words of the CRM that a setting names by now from those that no setting names."""
        forget_words(self._connection, self._named, now=self._now)

    def withdraw_mqls(self) -> None:
        """Take back MQLs that stood on acts of machines."""
        self._withdrawn += withdraw_mqls(
            self._connection,
            cursor=lock_cursor(self._connection),
            spans=self._spans,
            subscribers=self._subscribers,
            now=self._now,
        )

    def publish_withdrawals(self) -> None:
        """Publish the MQLs that were taken back, once all that the run knows of their leads is recorded."""
        publish_withdrawals(self._connection, self._subscribers, self._withdrawn, now=self._now)

    def publish_people(self) -> None:
        """Publish the leads of other persons than before, and those that began or ceased to count."""
        publish_people(self._connection, self._subscribers, sorted(self._people), now=self._now)

    def reevaluate(self, max_leads: int) -> None:
        """Evaluate leads again that another contract decided: all cycles, with or without new facts."""
        leads = take_leads(self._connection, self._spans, evaluated=sorted(self._active), max_leads=max_leads)
        if not leads:
            return
        self._reevaluated.update(leads)
        renumbered = renumber_people(self._connection, leads, self._spans, now=self._now)
        if renumbered:
            self.follow_sales()
        self._record_facts(leads)
        stages = self._record_stages(list_cycles(self._connection, leads))
        self._moved |= {stage.lead_id for stage in stages if stage.change != "noted"}.union(renumbered)
        self._ended_long_ago |= _list_ended(stages).union(renumbered) - self._ended
        note_result(self._connection, evaluated=len(self._reevaluated), moved=len(self._moved))

    def decide_mqls(self) -> bool:
        """Record and publish new MQLs; return whether there are any."""
        mqls = decide_mqls(
            self._connection,
            version=self._contract.active_version(self._now),
            cursor=lock_cursor(self._connection),
            ended=sorted(self._ended | self._ended_long_ago),
            ended_long_ago=sorted(self._ended_long_ago),
            now=self._now,
            fold_case=self._fold_case,
        )
        publish_mqls(self._connection, self._subscribers, mqls, now=self._now)
        self._mqls += mqls
        return bool(mqls)

    def result(self, *, waiting: int) -> QualificationResult:
        """Return the counts."""
        new = [stage.stage for stage in self._stages if stage.change == "new"]
        return QualificationResult(
            mql=len(self._mqls),
            sal=new.count("sal"),
            sql=new.count("sql"),
            won=new.count("won"),
            lost=new.count("lost"),
            reevaluated=len(self._reevaluated),
            moved=len(self._moved),
            waiting=waiting,
            withdrawn=sum(mql.because == "machine" for mql in self._withdrawn),
        )

    def _record_facts(self, leads: Sequence[int]) -> list[CycleKey]:
        cycles = record_facts(self._connection, leads, spans=self._spans, now=self._now)
        publish_facts(self._connection, self._subscribers, cycles, now=self._now)
        return cycles

    def _record_stages(self, cycles: Sequence[CycleKey]) -> list[RecordedStage]:
        stages = record_stages(
            self._connection,
            cycles,
            spans=self._spans,
            currency=self._contract.company_currency,
            zone=self._contract.zone,
            now=self._now,
        )
        later = {stage.own_lead_id for stage in stages if stage.change in ("moved", "gone")}
        restore_stages(self._connection, later, contract=self._contract, now=self._now)
        return stages


def _list_ended(stages: Sequence[RecordedStage]) -> set[int]:
    """Return the leads of which a cycle has ended, or ended at another time."""
    return {stage.lead_id for stage in stages if stage.stage in ("won", "lost") and stage.change != "gone"}
