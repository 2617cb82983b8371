"""What `--known-on DAY` prints is what was printed on DAY, byte for byte."""

from datetime import date, datetime
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from leadops.cli import attribution, economics, funnel
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.funnel.conftest import Books, at, on
from tests.roles import as_role

QUESTIONS: dict[str, tuple[typer.Typer, list[str]]] = {
    "funnel": (funnel.app, ["show"]),
    "funnel, two days by campaign": (
        funnel.app,
        ["show", "--from", "2026-06-01", "--to", "2026-06-02", "--by", "campaign"],
    ),
    "cohorts": (funnel.app, ["show", "--cohort", "--by", "source", "--from", "2026-06-01"]),
    "funnel as JSON": (funnel.app, ["show", "--json"]),
    "attribution": (attribution.app, ["show"]),
    "attribution by one model": (attribution.app, ["show", "--model", "markov", "--by", "campaign"]),
    "economics": (economics.app, ["show"]),
    "economics of a month": (economics.app, ["show", "--month", "2026-06"]),
}


class Evenings:
    """A company that is looked at on some evenings; what was printed on each is kept."""

    def __init__(self, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
        self.books, self.monkeypatch = books, monkeypatch
        self.printed: dict[date, dict[str, str]] = {}

    def set_clock(self, moment: datetime) -> None:
        self.books.now = moment
        for module in (funnel, attribution, economics):
            self.monkeypatch.setattr(module, "clock", lambda: moment)
        # The database notes what was touched by its own clock.
        self.books.connection.execute("update analytics.inbox set noted_at = least(noted_at, %s)", [moment])
        self.books.connection.commit()

    def run_night(self, moment: datetime) -> None:
        """What refresh_funnel does in the night."""
        self.set_clock(moment)
        for app in (funnel.app, attribution.app, economics.app):
            run(app, "refresh")

    def look(self, evening: datetime) -> None:
        self.set_clock(evening)
        self.printed[evening.date()] = {name: run(app, *words) for name, (app, words) in QUESTIONS.items()}


def run(app: typer.Typer, *words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=True)
    return f"{done.exit_code} {done.output}{done.exception or ''}"


@pytest.fixture
def evenings(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Evenings:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    return Evenings(Books(connection), monkeypatch)


def play(evenings: Evenings) -> None:
    """Three nights: a late MQL, a corrected value, a day that is touched and not built again yet."""
    books = evenings.books
    first = books.mql(at("06-01 10:00"))
    evenings.run_night(at("06-02 02:00"))
    evenings.look(at("06-02 20:00"))

    late = books.lead(at("06-01 11:00"), campaign="autumn")
    books.reach(late, "mql", at("06-01 11:00"), campaign="autumn", recorded=at("06-02 21:00"))
    books.reach(first, "won", at("06-02 12:00"), value=1200)
    evenings.run_night(at("06-03 02:00"))
    touched = books.lead(at("06-01 12:00"))
    evenings.look(at("06-03 20:00"))

    books.ask("update lifecycle.transitions set value = 900 where stage = 'won' returning 1")
    evenings.run_night(at("06-04 02:00"))
    evenings.look(at("06-04 20:00"))
    books.ask("delete from identity.leads where lead_id = %s returning 1", touched)
    evenings.run_night(at("06-05 02:00"))
    evenings.look(at("06-05 20:00"))


def test_each_question_prints_what_was_printed_on_each_day(evenings: Evenings) -> None:
    play(evenings)
    evenings.set_clock(at("06-20 08:00"))
    told = evenings.printed
    assert "2026-06-01 *" in told[on("06-03")]["funnel"]
    for day, answers in told.items():
        for name, printed in answers.items():
            app, words = QUESTIONS[name]
            assert run(app, *words, "--known-on", str(day)) == printed, (day, name)
    # The story changes what each question prints; the oracle would not see a `--known-on` that does nothing.
    for name in ("funnel", "cohorts", "funnel as JSON", "attribution", "economics", "economics of a month"):
        assert len({told[day][name] for day in told}) >= 3, name


def test_today_is_what_is_known_now(evenings: Evenings) -> None:
    evenings.books.mql(at("06-01 10:00"))
    evenings.run_night(at("06-02 02:00"))
    assert run(funnel.app, "show", "--known-on", "2026-06-02") == run(funnel.app, "show")


@pytest.mark.parametrize("app", [funnel.app, attribution.app, economics.app])
@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-06-04", "2026-06-04 has not begun; give 2026-06-03 or an earlier day"),
        ("2026-06-01", "nothing was on record on 2026-06-01; give --known-on 2026-06-02 or a later day"),
    ],
)
def test_days_without_an_answer_are_refused_in_one_line(
    evenings: Evenings, app: Any, day: str, says: str
) -> None:
    evenings.books.mql(at("06-01 10:00"))
    evenings.run_night(at("06-02 02:00"))
    evenings.set_clock(at("06-03 08:00"))
    with pytest.raises(PermanentError, match=says):
        CliRunner().invoke(app, ["show", "--known-on", day], catch_exceptions=False)
