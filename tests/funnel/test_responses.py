"""How long sales took, and what the time went by with; worked out by hand. Working hours are 9 to 18."""

from datetime import datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.funnel.conftest import Books, at, on
from tests.shipped import change

MONDAY, TUESDAY, FRIDAY = "06-01", "06-02", "06-05"


def response(books: Books, lead: int) -> tuple[Any, ...]:
    query = (
        "select wall_minutes, working_minutes, cause, local_hour, rep_id from analytics.response_times"
        " where lead_id = %s"
    )
    return tuple(books.ask(query, lead)[0])


def answer(books: Books, asked: str, taken: str, **options: Any) -> int:
    lead = books.mql(at(asked))
    books.reach(lead, "sal", at(taken), evidence={"rep_id": "rep-1"}, **options)
    return lead


def assign(
    books: Books, lead: int, number: int, moment: datetime, rep: str | None, why: str = "share"
) -> None:
    books.connection.execute(
        "insert into routing.assignments (lead_id, cycle, number, rep_id, queue, why, cause, is_backfill,"
        " assigned_at, waited_minutes, facts, passed_over, rules)"
        " values (%s, 1, %s, %s, %s, %s, 'mql', false, %s, 0, %s, %s, '')",
        [lead, number, rep, None if rep else "main", why if rep else "queue", moment, Jsonb({}), Jsonb([])],
    )
    books.connection.commit()


@pytest.mark.parametrize(
    ("asked", "taken", "expected"),
    [
        # in working time
        (f"{MONDAY} 10:00", f"{MONDAY} 11:30", (90, 90, "handling", 10, "rep-1")),
        # 8 h + 9 h off, and 30 min of work on either side
        (f"{MONDAY} 17:30", f"{TUESDAY} 09:30", (960, 60, "night", 17, "rep-1")),
        # Friday 17:00 to Monday 10:00: 65 h, 2 of them of work, 48 on free days, 15 at night
        (f"{FRIDAY} 17:00", "06-08 10:00", (65 * 60, 120, "holiday", 17, "rep-1")),
        # a night of 15 h between 6 h of the evening before and 10 h… of work: 16 h of work are longer
        (f"{MONDAY} 09:00", f"{TUESDAY} 18:00", (33 * 60, 18 * 60, "handling", 9, "rep-1")),
        (f"{MONDAY} 10:00", f"{MONDAY} 10:00", (0, 0, "handling", 10, "rep-1")),
    ],
)
def test_the_cause_is_what_the_longest_part_went_by_with(
    books: Books, asked: str, taken: str, expected: tuple[Any, ...]
) -> None:
    lead = answer(books, asked, taken)
    books.refresh(at(asked).date())

    assert response(books, lead) == expected


def test_waiting_in_a_queue(books: Books) -> None:
    lead = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 14:00")
    assign(books, lead, 1, at(f"{MONDAY} 10:00"), None)
    assign(books, lead, 2, at(f"{MONDAY} 13:00"), "rep-1")
    books.refresh(on(MONDAY))

    assert response(books, lead)[2] == "queue"


def test_nobody_had_it_until_sales_took_it(books: Books) -> None:
    lead = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 14:00")
    assign(books, lead, 1, at(f"{MONDAY} 10:00"), None)
    assign(books, lead, 2, at(f"{MONDAY} 14:00"), "rep-1", why="taken")
    books.refresh(on(MONDAY))

    assert response(books, lead)[2] == "unassigned"


def test_somebody_had_it_at_once(books: Books) -> None:
    lead = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 14:00")
    assign(books, lead, 1, at(f"{MONDAY} 10:00"), "rep-1")
    books.refresh(on(MONDAY))

    assert response(books, lead)[2] == "handling"


def test_the_crm_told_it_much_later(books: Books) -> None:
    lead = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 11:00", recorded=at(f"{MONDAY} 17:00"))
    prompt = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 11:00", recorded=at(f"{MONDAY} 11:04"))
    books.refresh(on(MONDAY))

    assert response(books, lead)[2] == "feed_late"
    assert response(books, prompt)[2] == "handling"


def test_an_open_one_has_no_times_and_the_rep_who_has_it(books: Books) -> None:
    lead = books.mql(at(f"{MONDAY} 10:00"))
    books.connection.execute(
        "insert into routing.leads (lead_id, cycle, state, rep_id, account, is_backfill, qualified_at, since,"
        " mql_lead_id, mql_cycle)"
        " values (%(lead)s, 1, 'owned', 'rep-7', 'lead:1', false, %(at)s, %(at)s, %(lead)s, 1)",
        {"lead": lead, "at": at(f"{MONDAY} 10:00")},
    )
    books.connection.commit()
    books.refresh(on(MONDAY))

    assert response(books, lead) == (None, None, None, 10, "rep-7")


def test_a_sal_on_the_next_day_completes_the_row(books: Books) -> None:
    lead = books.mql(at(f"{MONDAY} 17:30"))
    books.refresh(on(MONDAY))
    books.reach(lead, "sal", at(f"{TUESDAY} 09:30"), evidence={"rep_id": "rep-1"})

    assert books.refresh(on(TUESDAY)).again == (on(MONDAY),)
    assert response(books, lead) == (960, 60, "night", 17, "rep-1")
    # As known at the end of Monday it was open.
    assert books.ask(
        "select mqls, open from analytics.response_time_summaries where dimension = 'all' order by dt"
    ) == [(1, 1), (1, 0)]


def test_the_box_by_hand(books: Books) -> None:
    # 10 20 30 40 50 and 200 minutes: quartiles 22.5, 35, 47.5; fences −15 and 85.
    for minutes in (10, 20, 30, 40, 50, 200):
        late = answer(books, f"{MONDAY} 10:00", f"{MONDAY} {10 + minutes // 60:02}:{minutes % 60:02}")
    books.mql(at(f"{MONDAY} 11:00"))  # open
    quiet = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 17:00")
    books.connection.execute(
        "update lifecycle.transitions set evidence = %s where lead_id = %s and stage = 'mql'",
        [Jsonb({"backfill": True}), quiet],
    )
    books.connection.commit()
    books.refresh(on(MONDAY))

    query = (
        "select dimension, key, mqls, open, q1_minutes, median_minutes, q3_minutes, low_whisker_minutes,"
        " high_whisker_minutes, outliers from analytics.response_time_summaries order by dimension, key"
    )
    outlier = {"lead_id": late, "cycle": 1, "minutes": 200.0, "cause": "handling"}
    box = (22.5, 35, 47.5, 10, 50, [outlier])
    assert books.ask(query) == [
        ("all", None, 7, 1, *box),
        ("campaign", "spring", 7, 1, *box),
        ("hour", "10", 6, 0, *box),
        ("hour", "11", 1, 1, None, None, None, None, None, []),
        ("rep", "rep-1", 6, 0, *box),
        ("rep", None, 1, 1, None, None, None, None, None, []),
    ]


def test_an_imported_mql_counts_once_its_sal_is_known(books: Books) -> None:
    imported = {"backfill": True, "imported": "deals.csv"}
    silent, told = books.lead(at(f"{MONDAY} 10:00")), books.lead(at(f"{MONDAY} 10:00"))
    for lead in (silent, told):
        books.reach(lead, "mql", at(f"{MONDAY} 10:00"), evidence=imported)
    books.reach(told, "sal", at(f"{MONDAY} 11:00"), evidence=imported)
    books.refresh(on(MONDAY))

    assert books.ask("select lead_id, is_backfill from analytics.response_times order by lead_id") == [
        (silent, True),
        (told, False),
    ]
    query = "select mqls, open, median_minutes from analytics.response_time_summaries where dimension = 'all'"
    assert books.ask(query) == [(1, 0, 60)]
    # For lead times both count: that one is not SQL is known of both.
    assert books.ask("select mqls from analytics.lead_times where stage = 'sql' and scope = 'all'") == [(2,)]


@pytest.mark.parametrize("stage", ["sql", "won", "lost"])
def test_what_went_on_or_ended_without_a_sal_is_open_until_then(books: Books, stage: str) -> None:
    lead = books.mql(at(f"{MONDAY} 10:00"))
    books.reach(lead, stage, at(f"{TUESDAY} 10:00"))
    books.refresh_all(on(MONDAY), on(TUESDAY))

    query = "select mqls, open from analytics.response_time_summaries where dimension = 'all' order by dt"
    assert books.ask(query) == [(1, 1), (1, 0)]


@pytest.mark.parametrize("stage", ["sql", "won", "lost"])
def test_an_mql_that_ends_unanswered_after_its_day_was_built_says_so_after_the_next_run(
    books: Books, stage: str
) -> None:
    lead = books.mql(at(f"{MONDAY} 10:00"))
    answered = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 12:00")
    books.refresh(on(MONDAY))
    assert books.ask("select ended_at from analytics.response_times") == [(None,), (None,)]
    books.reach(lead, stage, at(f"{TUESDAY} 10:00"))
    books.reach(answered, stage, at(f"{TUESDAY} 10:00"))
    books.refresh(on(TUESDAY))

    query = "select lead_id, ended_at from analytics.response_times order by lead_id"
    assert books.ask(query) == [(lead, at(f"{TUESDAY} 10:00")), (answered, None)], "the other had an answer"


def test_hours_of_the_day_on_which_the_clock_changes(books: Books) -> None:
    books.company = books.company.model_copy(update={"timezone": "Europe/Berlin"})
    books.policy = books.policy.model_copy(update={"timezone": "Europe/Berlin"})
    lead = books.mql(
        datetime.fromisoformat("2026-03-27T17:00+01:00")
    )  # a Friday; the clock changes on Sunday
    books.reach(lead, "sal", datetime.fromisoformat("2026-03-30T10:00+02:00"), evidence={"rep_id": "rep-1"})
    books.refresh(on("03-27"))

    assert response(books, lead) == (64 * 60, 120, "holiday", 17, "rep-1")  # an hour less than in other weeks


def test_who_had_another_lead_or_another_deal_of_it_had_not_this_one(books: Books) -> None:
    lead = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 14:00")
    other = answer(books, f"{MONDAY} 10:00", f"{MONDAY} 14:00")
    assign(books, lead, 1, at(f"{MONDAY} 13:00"), "rep-1")
    assign(books, other, 1, at(f"{MONDAY} 10:00"), "rep-1")
    books.connection.execute("update routing.assignments set cycle = 2 where lead_id = %s", [other])
    assign(books, other, 2, at(f"{MONDAY} 14:00"), "rep-2")
    books.refresh(on(MONDAY))

    assert response(books, lead)[2] == "queue"
    assert response(books, other)[2] == "queue"


def test_each_deal_of_a_person_has_its_own_answer(books: Books) -> None:
    """The older lead's deal was lost without an answer; the younger's is the person's second."""
    older, younger = books.mql(at(f"{MONDAY} 10:00")), books.mql(at(f"{MONDAY} 14:00"))
    books.reach(older, "lost", at(f"{MONDAY} 12:00"))
    books.reach(younger, "sal", at(f"{MONDAY} 15:00"), evidence={"rep_id": "rep-1"})
    books.ask(
        "insert into identity.people values (%s, %s), (%s, %s) returning 1", older, older, younger, older
    )
    books.ask("insert into lifecycle.person_cycles values (%s, 1, 2) returning 1", younger)
    books.refresh(on(MONDAY))

    assert books.ask("select lead_id, cycle, wall_minutes from analytics.response_times order by cycle") == [
        (older, 1, None),
        (older, 2, 60),
    ]


def test_an_mql_of_the_first_midnight_looked_back_on_is_measured(books: Books) -> None:
    books.settings = change(books.settings, response_days=1, lead_time_days=1)
    lead = answer(books, f"{MONDAY} 00:00", f"{MONDAY} 09:30")
    books.refresh(on(MONDAY))

    assert response(books, lead) == (570, 30, "night", 0, "rep-1")
    query = "select mqls, median_minutes from analytics.response_time_summaries where dimension = 'all'"
    assert books.ask(query) == [(1, 570)]
    assert books.ask("select mqls from analytics.lead_times where stage = 'sal' and scope = 'all'") == [(1,)]


def test_the_working_time_of_the_first_mql_looked_back_on_is_whole(books: Books) -> None:
    """Monday 00:00 to Wednesday 09:30 are 18.5 hours of work, Wednesday 10:00 to 11:00 one; 585 between."""
    books.settings = change(books.settings, response_days=3, lead_time_days=3)
    answer(books, f"{MONDAY} 00:00", "06-03 09:30")
    answer(books, "06-03 10:00", "06-03 11:00")
    books.refresh(on("06-03"))

    query = (
        "select mqls, working_median_minutes from analytics.response_time_summaries where dimension = 'all'"
    )
    assert books.ask(query) == [(2, 585)]
