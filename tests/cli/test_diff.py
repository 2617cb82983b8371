"""`leadops diff funnel`: the causes are those that the story played, and their sum is the difference."""

import itertools
import json
import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli import diff, funnel
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.funnel.conftest import Books, at
from tests.roles import as_role

NUMBERS = ("leads", "mqls", "sals", "sqls", "wons", "losts", "value", "wons_without_value", "left_out")
NAMED = ("cohort_dt", "campaign", "source", "rep_id")


class Story:
    """A company of which the night after each act builds all its days."""

    def __init__(self, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
        self.books, self.monkeypatch = books, monkeypatch

    def run_night(self, day: int) -> None:
        """The night at the end of which `day` of June begins."""
        moment = at(f"06-{day:02} 02:00")
        self.set_clock(moment)
        done = CliRunner().invoke(funnel.app, ["refresh"], catch_exceptions=False)
        assert done.exit_code == 0

    def set_clock(self, moment: datetime) -> None:
        for module in (funnel, diff):
            self.monkeypatch.setattr(module, "clock", lambda: moment)

    def explain(self, counted: int, first: int, second: int) -> list[dict[str, Any]]:
        self.set_clock(at("06-28 08:00"))
        words = ["funnel", "--day", f"2026-06-{counted:02}"]
        words += ["--known", f"2026-06-{first:02}", "--known", f"2026-06-{second:02}", "--json"]
        done = CliRunner().invoke(diff.app, words, catch_exceptions=False)
        rows: list[dict[str, Any]] = json.loads(done.output)
        return rows

    def name_causes(self, counted: int, first: int, second: int) -> set[tuple[str, str, Decimal]]:
        rows = self.explain(counted, first, second)
        return {(row["cause"], row["number"], Decimal(row["effect"])) for row in rows}

    def measure(self, counted: int) -> Counter[tuple[Any, ...]]:
        """The cells as they stand now, one number each."""
        rows = self.books.ask(
            f"select to_jsonb(cells) from analytics.funnel_cells as cells where dt = '2026-06-{counted:02}'"
        )
        cells: Counter[tuple[Any, ...]] = Counter()
        for (row,) in rows:
            for number in NUMBERS:
                cells[(*(row[name] for name in NAMED), number)] += Decimal(str(row[number]))
        return cells


@pytest.fixture
def story(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    return Story(Books(connection), monkeypatch)


def test_each_act_is_named_and_the_causes_sum_to_the_difference(story: Story) -> None:
    books = story.books
    won = books.mql(at("06-01 10:00"))
    books.reach(won, "won", at("06-01 18:00"), value=1200)
    gone = books.mql(at("06-01 11:00"))
    abroad = books.mql(at("06-01 09:00"), campaign="autumn")
    books.reach(abroad, "won", at("06-01 19:00"), value=100, campaign="autumn", evidence={"currency": "USD"})
    cells = {}
    story.run_night(2)
    cells[2] = story.measure(1)

    late = books.lead(at("06-01 12:00"), campaign="spring", source="search")
    books.ask(
        "update identity.leads set recorded_at = %s where lead_id = %s returning 1", at("06-02 12:00"), late
    )
    books.reach(late, "mql", at("06-01 12:00"), recorded=at("06-02 12:00"))
    books.reach(won, "sal", at("06-01 13:00"), recorded=at("06-02 13:00"))
    story.run_night(3)
    cells[3] = story.measure(1)

    books.ask(
        "update lifecycle.transitions set value = 900 where lead_id = %s and stage = 'won' returning 1", won
    )
    books.ask(
        "update lifecycle.transitions set value = 110 where lead_id = %s and stage = 'won' returning 1",
        abroad,
    )
    books.ask("delete from lifecycle.transitions where lead_id = %s returning 1", gone)
    story.run_night(4)
    cells[4] = story.measure(1)

    assert story.name_causes(1, 2, 3) == {
        ("late event", "leads", Decimal(1)),
        ("late event", "mqls", Decimal(1)),
        ("late activity", "sals", Decimal(1)),
    }
    assert story.name_causes(1, 3, 4) == {
        ("correction", "value", Decimal(-300)),
        ("rate", "value", Decimal(10)),
        ("correction", "mqls", Decimal(-1)),
    }
    for first, second in ((2, 3), (3, 4), (2, 4)):
        effects: Counter[tuple[Any, ...]] = Counter()
        for row in story.explain(1, first, second):
            effects[(*(row["cell"][name] for name in NAMED), row["number"])] += Decimal(row["effect"])
        told = {key: effect for key, effect in effects.items() if effect}
        keys = {*cells[first], *cells[second]}
        wanted = {key: cells[second][key] - cells[first][key] for key in keys}
        assert told == {key: effect for key, effect in wanted.items() if effect}, (first, second)


class Acts:
    """What can happen to the days of June 1 and 2, each as one act that says which cause it is."""

    def __init__(self, story: Story, seed: int) -> None:
        self.books, self.random = story.books, random.Random(seed)
        self.leads: dict[int, set[str]] = {}

    def play(self, day: int) -> str:
        """Play one act on `day` of June."""
        acts = [self.come_late, self.work_late, self.correct, self.withdraw]
        return self.random.choice(acts)(at(f"06-{day:02} {self.random.randint(8, 20):02}:00"))

    def come_late(self, now: datetime) -> str:
        happened = at(f"06-0{self.random.randint(1, 2)} {self.random.randint(8, 20):02}:00")
        names = {"campaign": self.random.choice(["spring", "autumn"]), "source": "search"}
        lead = self.books.lead(happened, **names)
        self.books.ask("update identity.leads set recorded_at = %s where lead_id = %s returning 1", now, lead)
        self.books.reach(lead, "mql", happened, **names, recorded=max(now, happened))
        self.leads[lead] = {"mql"}
        return "late event"

    def work_late(self, now: datetime) -> str:
        lead = self.random.choice(list(self.leads))
        stage = self.random.choice(["sal", "sql", "won"])
        if stage not in self.leads[lead]:
            happened = at(f"06-0{self.random.randint(1, 2)} {self.random.randint(8, 23):02}:30")
            value = self.random.choice([None, 100, 250]) if stage == "won" else None
            self.books.reach(lead, stage, happened, value=value, recorded=max(now, happened))
            self.leads[lead].add(stage)
        return "late activity"

    def correct(self, now: datetime) -> str:
        self.books.connection.execute(
            "update lifecycle.transitions set value = coalesce(value, 0) + 10 where stage = 'won'"
        )
        self.books.connection.commit()
        return "correction"

    def withdraw(self, now: datetime) -> str:
        lead = self.random.choice(list(self.leads))
        self.books.connection.execute("delete from lifecycle.transitions where lead_id = %s", [lead])
        self.books.connection.commit()
        return "correction"


@pytest.mark.parametrize("seed", [1, 2])
def test_of_any_story_and_any_two_days_the_causes_are_what_was_played_and_sum_up(
    story: Story, seed: int
) -> None:
    acts = Acts(story, seed)
    for _ in range(6):
        acts.come_late(at("06-01 07:00"))
    story.run_night(2)
    story.run_night(3)
    nights, played, cells = range(3, 7), {}, {}
    cells[3] = {counted: story.measure(counted) for counted in (1, 2)}
    for night in nights[1:]:
        played[night] = {acts.play(night - 1) for _ in range(4)}
        story.run_night(night)
        cells[night] = {counted: story.measure(counted) for counted in (1, 2)}

    for first, second in itertools.combinations(nights, 2):
        causes = set().union(*(played[night] for night in range(first + 1, second + 1)))
        for counted in (1, 2):
            rows = story.explain(counted, first, second)
            effects: Counter[tuple[Any, ...]] = Counter()
            for row in rows:
                effects[(*(row["cell"][name] for name in NAMED), row["number"])] += Decimal(row["effect"])
            before, after = cells[first][counted], cells[second][counted]
            wanted = {key: after[key] - before[key] for key in {*before, *after}}
            assert {key: value for key, value in effects.items() if value} == {
                key: value for key, value in wanted.items() if value
            }, (first, second, counted)
            assert {row["cause"] for row in rows} <= causes, (first, second, counted)


def test_a_renamed_campaign_moves_the_numbers_from_one_name_to_the_other(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    story.books.mql(at("06-01 10:00"))
    story.run_night(2)
    (tmp_path / "funnel.yaml").write_text("campaigns: {spring: spring 2026}")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    story.run_night(3)
    rows = story.explain(1, 2, 3)
    assert {(row["cell"]["campaign"], row["number"], row["cause"], row["effect"]) for row in rows} == {
        ("spring", "leads", "renamed campaign", "-1"),
        ("spring", "mqls", "renamed campaign", "-1"),
        ("spring 2026", "leads", "renamed campaign", "1"),
        ("spring 2026", "mqls", "renamed campaign", "1"),
    }


def test_a_join_takes_one_of_two_and_a_split_gives_it_back(story: Story) -> None:
    books = story.books
    older, younger = books.mql(at("06-01 10:00")), books.mql(at("06-01 11:00"))
    story.run_night(2)
    books.ask("update identity.leads set merged_into = %s where lead_id = %s returning 1", older, younger)
    for lead in (older, younger):
        books.ask("insert into identity.people values (%s, %s) returning 1", lead, older)
    books.ask(
        "insert into identity.lead_merges"
        " (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)"
        " values (%s, %s, 'device', 'd', 1, %s) returning 1",
        *(older, younger, at("06-02 12:00")),
    )
    story.run_night(3)
    books.ask("update identity.lead_merges set undone_at = %s returning 1", at("06-03 12:00"))
    books.ask("delete from identity.people returning 1")
    books.ask("update identity.leads set merged_into = null where lead_id = %s returning 1", younger)
    story.run_night(4)

    assert story.name_causes(1, 2, 3) == {("join", "leads", Decimal(-1)), ("join", "mqls", Decimal(-1))}
    assert story.name_causes(1, 3, 4) == {("split", "leads", Decimal(1)), ("split", "mqls", Decimal(1))}
    assert story.explain(1, 2, 4) == []


def test_a_day_that_was_not_built_by_then_is_refused(story: Story) -> None:
    story.books.mql(at("06-01 10:00"))
    story.run_night(2)
    with pytest.raises(PermanentError, match="2026-06-05 was not built by then"):
        story.explain(5, 2, 3)
