"""For any history both views tie out with a plain count, and the order of builds does not matter."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.funnel.conftest import Books, at, on
from tests.promises import promise_examples

EXAMPLES = promise_examples(8)

FIRST = at("06-01 00:00")
DAYS = [on("06-01") + timedelta(days=number) for number in range(5)]
STAGES = ("mql", "sal", "sql", "won", "lost")
TABLES = (
    "analytics.funnel_cells, analytics.built_days, analytics.dirty_days, analytics.left_out, analytics.inbox,"
    " analytics.response_times, analytics.response_time_summaries, analytics.lead_times,"
    " analytics.funnel_entries, analytics.funnel_sums"
)

hours = st.integers(0, 5 * 24 - 1)
stage_hours = st.dictionaries(st.sampled_from(STAGES), hours, max_size=5)
#: A lead: when it came, its campaign, and when it reached which stages, in any order, impossible ones too.
leads = st.tuples(hours, st.sampled_from(["spring", "autumn", None]), stage_hours)
#: What happens next: a lead becomes known with all its stages, a stage moves, a salesperson gets a lead, two
#: are one, or a day is built.
steps = st.one_of(
    st.tuples(st.just("lead"), leads),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 9), hours)),
    st.tuples(st.just("place"), st.tuples(st.integers(0, 5), st.sampled_from(["ann", "bob", None]))),
    st.tuples(st.just("merge"), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    st.tuples(st.just("build"), st.sampled_from(DAYS)),
)


def play(books: Books, story: list[tuple[str, Any]]) -> None:
    known: list[int] = []
    for what, facts in story:
        if what == "lead":
            created, campaign, stages = facts
            lead = books.lead(FIRST + timedelta(hours=created), campaign=campaign)
            known.append(lead)
            for stage, hour in stages.items():
                value = 100 * lead if stage == "won" else None
                evidence = {"rep_id": f"rep-{hour % 3}"} if stage == "sal" and hour % 4 else {}
                books.reach(
                    lead,
                    stage,
                    FIRST + timedelta(hours=hour),
                    campaign=campaign,
                    value=value,
                    evidence=evidence,
                )
        elif what == "move":
            number, hour = facts
            books.connection.execute(
                "update lifecycle.transitions set occurred_at = %s where transition_id = ("
                " select transition_id from lifecycle.transitions order by transition_id offset %s limit 1)",
                [FIRST + timedelta(hours=hour), number],
            )
            books.connection.commit()
        elif what == "place" and facts[0] < len(known):
            number, rep = facts
            books.place(known[number], rep, FIRST + timedelta(hours=number))
        elif what == "merge" and max(facts) < len(known) and facts[0] != facts[1]:
            merge(books, known[min(facts)], known[max(facts)])
        elif what == "build":
            books.refresh(facts)


def merge(books: Books, older: int, younger: int) -> None:
    taken = books.ask("select 1 from identity.people where lead_id in (%s, %s)", older, younger)
    if taken:
        return
    books.connection.execute(
        "insert into identity.people values (%(older)s, %(older)s), (%(younger)s, %(older)s)",
        {"older": older, "younger": younger},
    )
    books.connection.execute(
        "update identity.leads set merged_into = %s where lead_id = %s", [older, younger]
    )
    books.connection.commit()


def count_plainly(books: Books) -> Counter[tuple[date, str]]:
    """What daily_funnel must say, from all there is, without any of its ways."""
    zone, counts = books.company.zone, Counter[tuple[date, str]]()
    for (created,) in books.ask("select created_at from identity.leads where merged_into is null"):
        counts[created.astimezone(zone).date(), "leads"] += 1
    stories: dict[tuple[int, int], dict[str, Any]] = {}
    for lead, cycle, stage, moment in books.ask(
        "select lead_id, cycle, stage, occurred_at from lifecycle.current_transitions"
    ):
        stories.setdefault((lead, cycle), {})[stage] = moment
    for story in stories.values():
        ends = sorted((moment, stage) for stage, moment in story.items() if stage in ("won", "lost"))
        for stage, moment in story.items():
            impossible = "mql" in story and moment < story["mql"]
            reopened = stage in ("won", "lost") and (moment, stage) != ends[-1]
            name = "left_out" if impossible or reopened else f"{stage}s"
            counts[moment.astimezone(zone).date(), name] += 1
    return counts


def check_entries(books: Books) -> None:
    """Each number of each cell is the count of its entries, by campaign, source, salesperson and cohort."""
    key = "dt, cohort_dt, campaign, source, rep_id"
    of_cells = books.ask(
        f"select {key}, sum(leads), sum(mqls), sum(sals), sum(sqls), sum(wons), sum(losts), sum(left_out),"
        f" sum(mqls_apart), sum(value) from analytics.funnel_cells group by {key} order by {key}"
    )
    counted = [
        f"count(*) filter (where stage = '{stage}' and counts_as = 'counted')" for stage in ("lead", *STAGES)
    ]
    of_entries = books.ask(
        f"select {key}, {', '.join(counted)},"
        " count(*) filter (where counts_as in ('before_mql', 'reopened')),"
        " count(*) filter (where stage = 'mql' and counts_as = 'apart'),"
        " coalesce(sum(value) filter (where counts_as = 'counted'), 0)"
        f" from analytics.funnel_entries group by {key} order by {key}"
    )
    assert of_cells == of_entries
    # Their sums by each name, worked out from the entries.
    of_sums = books.ask(
        "select dimension, dt, key, leads, mqls, sals, sqls, wons, losts, left_out, mqls_apart, value"
        " from analytics.funnel_sums"
    )
    sums: dict[tuple[str, date, str | None], list[Any]] = {}
    for dt, _, campaign, source, rep_id, *numbers in of_entries:
        for dimension, name in (("all", None), ("campaign", campaign), ("source", source), ("rep", rep_id)):
            known = sums.setdefault((dimension, dt, name), [0] * len(numbers))
            sums[dimension, dt, name] = [one + other for one, other in zip(known, numbers, strict=True)]
    assert {tuple(row[:3]): row[3:] for row in map(list, of_sums)} == sums


@pytest.mark.timeout(300)
def test_any_history_in_any_order_of_builds(books: Books) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(story=st.lists(steps, max_size=14), order=st.permutations(DAYS))
    def check(story: list[tuple[str, Any]], order: list[date]) -> None:
        books.connection.execute(
            f"truncate {TABLES}, lifecycle.transitions, routing.leads, identity.leads, identity.people"
            " restart identity"
        )
        books.connection.commit()
        play(books, story)
        for day in order:
            books.refresh(day)
        told = books.everything()

        names = ("leads", "mqls", "sals", "sqls", "wons", "losts", "left_out")
        daily = books.ask(f"select dt, {', '.join(names)} from analytics.daily_funnel")
        counted = Counter({(row[0], name): 0 for row in daily for name in names})
        for row in daily:
            counted.update({(row[0], name): count for name, count in zip(names, row[1:], strict=True)})
        assert +counted == count_plainly(books)
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in (*names[1:], "value"))
        assert books.ask(f"select {sums} from analytics.daily_funnel") == books.ask(
            f"select {sums} from analytics.cohort_funnel"
        )

        check_entries(books)

        books.connection.execute(f"truncate {TABLES}")
        books.connection.commit()
        books.refresh_all(DAYS[0], DAYS[-1])
        assert books.everything() == told

    check()
