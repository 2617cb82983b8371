"""What leadops promises to make a lead MQL is tried on the lead by the real verbs, and comes true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.mql_outlook import MqlOutlook, find_mql_outlook
from leadops.lifecycle.qualify import qualify_leads
from leadops.scoring.decay_leads import decay_leads
from leadops.scoring.possible_acts import PossibleAct, list_possible_acts
from leadops.scoring.scoring_rules import RuleSet
from leadops.subscribers import SUBSCRIBERS
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, TOKYO, World, world
from tests.scoring.oracle import Happening
from tests.scoring.test_promises import happenings, relaxed, rule_sets
from tests.shipped import SHIPPED

__all__ = ["world"]

LATER = NOW + timedelta(days=40)


def make_contract(**changes: Any) -> KpiContract:
    versions = [
        version.model_copy(update={"mql": version.mql.model_copy(update=changes)})
        for version in SHIPPED.kpi.versions
    ]
    return SHIPPED.kpi.model_copy(update={"versions": versions})


contracts = st.builds(
    make_contract,
    fit=st.integers(0, 9),
    behaviour=st.integers(1, 24),
    total=st.none() | st.integers(0, 30),
    again_behaviour=st.integers(1, 12),
)


class Trial:
    """One world in which acts are tried, each on the same state: what a trial writes is rolled back."""

    def __init__(self, world: World, rules: RuleSet, contract: KpiContract, now: datetime) -> None:
        self.world, self.rules, self.contract, self.now = world, rules, contract, now

    def qualify(self, now: datetime) -> None:
        qualify_leads(
            self.world.connection,
            contract=self.contract,
            subscribers=SUBSCRIBERS,
            fold_case=True,
            now=now,
        )

    def outlook(self, lead: int) -> MqlOutlook:
        return find_mql_outlook(
            self.world.connection,
            lead,
            rules=self.rules,
            zone=TOKYO,
            contract=self.contract,
            now=self.now,
        )

    def cycles(self, lead: int) -> int:
        [[number]] = self.world.rows(
            "select count(*) from lifecycle.transitions where lead_id = %s and stage = 'mql'", lead
        )
        return int(number)

    def makes_mql(self, lead: int, acts: Sequence[PossibleAct]) -> bool:
        """Return whether the lead becomes MQL when `acts` are done, one a minute."""
        [[email]] = self.world.rows("select email from identity.leads where lead_id = %s", lead)
        before = self.cycles(lead)
        with self.world.connection.transaction(force_rollback=True):
            for number, act in enumerate(acts):
                self.world.accept(
                    [make_happening(act, f"try-{number}", email, self.now + timedelta(seconds=number + 1))],
                    received_at=self.now,
                )
            self.world.resolve(now=self.now)
            self.world.score(self.rules, now=self.now + timedelta(minutes=1))
            self.qualify(self.now + timedelta(minutes=1))
            return self.cycles(lead) > before


def make_happening(act: PossibleAct, event_id: str, email: str, ts: datetime) -> Happening:
    known = Happening(event_id=event_id, event=act.subject, ts=ts, email=email)
    if act.kind == "fact":
        return replace(known, event="identify", properties=act.example)
    return replace(known, properties=act.example["properties"], context=act.example["context"])


@settings(relaxed, max_examples=promise_examples(8))
@given(
    data=st.data(),
    made=happenings(),
    rules=rule_sets(),
    contract=contracts,
    is_late=st.booleans(),
    ends=st.booleans(),
)
def test_what_is_promised_comes_true_and_what_is_denied_does_not(
    world: World,
    data: st.DataObject,
    made: list[Happening],
    rules: RuleSet,
    contract: KpiContract,
    is_late: bool,
    ends: bool,
) -> None:
    world.clear()
    world.connection.execute(
        "truncate lifecycle.transitions, lifecycle.cursors, lifecycle.person_cycles, routing.inbox,"
        " sla.inbox, analytics.inbox, lifecycle.reevaluations, lifecycle.contract_changes"
    )
    world.connection.commit()
    if data.draw(st.booleans()):
        rules = rules.model_copy(update={"decay": SHIPPED.scoring.decay.model_copy(update={"groups": {}})})
    trial = Trial(world, rules, contract, LATER if is_late else NOW)
    world.run(rules, made)
    trial.qualify(NOW)
    if ends:
        world.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " select lead_id, cycle, 'lost', %s, %s, '{}', kpi_version from lifecycle.transitions",
            [NOW, NOW],
        )
        world.connection.commit()
    if is_late:
        night = (LATER - timedelta(days=1)).astimezone(TOKYO).date()
        while decay_leads(world.connection, rules=rules, zone=TOKYO, day=night, now=LATER).remaining:
            pass
        world.connection.commit()
    for [lead] in world.rows("select lead_id from identity.leads order by lead_id"):
        check(trial, lead, data)


def check(trial: Trial, lead: int, data: st.DataObject) -> None:
    outlook = trial.outlook(lead)
    acts = list_possible_acts(trial.world.connection, lead, rules=trial.rules, zone=TOKYO, now=trial.now).acts
    match outlook.state:
        case "one_step" | "two_steps":
            for way in outlook.ways:
                assert trial.makes_mql(lead, way), (outlook, way)
        case "mql":
            assert trial.cycles(lead) > 0
        case "passes":
            assert not acts or trial.makes_mql(lead, acts[:1]), "it suffices: the next points show it"
        case "far":
            assert outlook.missing.most > 0
        case other:
            raise AssertionError(other)
    if outlook.state in ("two_steps", "far") and acts:
        tried = [(act,) for act in acts]
        if outlook.state == "far":
            pairs = combinations_with_replacement(acts, 2)
            tried += [pair for pair in pairs if not is_two_values(pair)]
        for place in data.draw(st.lists(st.integers(0, len(tried) - 1), max_size=2, unique=True)):
            way = tried[place]
            assert not trial.makes_mql(lead, way), (outlook, way)


def is_two_values(pair: tuple[PossibleAct, PossibleAct]) -> bool:
    return pair[0].kind == pair[1].kind == "fact" and pair[0].subject == pair[1].subject
