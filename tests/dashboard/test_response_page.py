"""Response times by salesperson, campaign and hour: quartiles by hand, outliers with their cause."""

from datetime import date
from random import Random

import pytest
from matplotlib.cbook import boxplot_stats

from leadops.db import Connection
from tests.dashboard.response_world import answer, fill_responses
from tests.shipped import SHIPPED, change

from .conftest import NOW, OP, VIEWER, Open

DAYS = {"from": "2026-11-01", "to": "2026-11-29"}


@pytest.fixture
def filled(connection: Connection) -> None:
    fill_responses(connection, NOW)


@pytest.mark.usefixtures("filled")
def test_the_boxes_are_tukey_s(dashboard: Open) -> None:
    """By hand: Anna's 10 20 30 40 50 and 600 have quartiles 22.5 35 47.5, a fence at 85, a whisker at 50."""
    page = dashboard(OP).read("api/response-times", **DAYS)
    boxes = {box["key"]: box for box in page["by_rep"]["boxes"]}
    anna = boxes["rep-a"]
    assert (anna["low"], anna["q1"], anna["median"], anna["q3"], anna["high"]) == (10, 22.5, 35, 47.5, 50)
    assert (anna["mqls"], anna["answered"], anna["open"], anna["ended"], anna["name"]) == (7, 6, 1, 0, "Anna")
    ben = boxes["rep-b"]
    assert (ben["low"], ben["median"], ben["high"], ben["name"]) == (60, 80, 100, None)
    assert [box["key"] for box in page["by_rep"]["boxes"]] == ["rep-a", "rep-b"], "the quickest first"
    whole = page["whole"]
    assert (whole["mqls"], whole["answered"], whole["open"], whole["median"]) == (12, 11, 1, 60)
    assert (page["first"], page["last"]) == ("2026-11-01", "2026-11-29")
    assert page["target_minutes"] == SHIPPED.sla.median.target_minutes


@pytest.mark.usefixtures("filled")
def test_an_outlier_says_why_and_how_often_it_moved_on(dashboard: Open) -> None:
    page = dashboard(OP).read("api/response-times", **DAYS)
    [far] = page["by_rep"]["outliers"]
    assert (far["lead_id"], far["minutes"], far["wall_minutes"]) == (6, 600, 2040)
    assert (far["cause"], far["moves"], far["group"], far["rep_id"]) == ("night", 2, 0, "rep-a")
    assert [row["lead_id"] for row in page["by_campaign"]["outliers"]] == [6]
    assert page["by_hour"]["outliers"] == [], "alone in its hour, nothing is far"


@pytest.mark.usefixtures("filled")
def test_hours_are_those_of_the_mql_in_the_company_s_zone(dashboard: Open) -> None:
    boxes = dashboard(OP).read("api/response-times", **DAYS)["by_hour"]["boxes"]
    assert [(box["key"], box["mqls"]) for box in boxes] == [("9", 6), ("14", 5), ("20", 1)]


@pytest.mark.usefixtures("filled")
def test_campaigns_have_a_row_each_and_those_without_one_another(dashboard: Open) -> None:
    boxes = dashboard(OP).read("api/response-times", **DAYS)["by_campaign"]["boxes"]
    assert [(box["key"], box["mqls"]) for box in boxes] == [(None, 6), ("summer", 6)], "30 and 85"


@pytest.mark.usefixtures("filled")
def test_only_the_days_asked_for_count(dashboard: Open) -> None:
    pages = dashboard(OP)
    assert pages.read("api/response-times", **DAYS | {"to": "2026-11-19"})["whole"]["mqls"] == 0
    assert (
        pages.read("api/response-times", **{"from": "2026-11-20", "to": "2026-11-20"})["whole"]["mqls"] == 12
    )
    assert pages.read("api/response-times")["whole"]["mqls"] == 12, "the last 30 days"


@pytest.mark.usefixtures("filled")
def test_the_numbers_are_those_of_the_database(dashboard: Open, connection: Connection) -> None:
    """The same by PostgreSQL's own quartiles, over all dimensions."""
    page = dashboard(OP).read("api/response-times", **DAYS)
    for part, column in (("by_rep", "rep_id"), ("by_campaign", "campaign"), ("by_hour", "local_hour::text")):
        rows = connection.execute(
            f"select {column}, count(*), count(working_minutes),"  # type: ignore[arg-type]
            " percentile_cont(array[0.25, 0.5, 0.75]) within group (order by working_minutes)"
            " from analytics.response_times where not is_backfill group by 1"
        ).fetchall()
        wanted = {key: (mqls, answered, quartiles) for key, mqls, answered, quartiles in rows}
        found = {
            box["key"]: (box["mqls"], box["answered"], [box["q1"], box["median"], box["q3"]])
            for box in page[part]["boxes"]
        }
        assert found == wanted


def test_many_answers_have_the_boxes_and_outliers_of_another_library(
    dashboard: Open, connection: Connection
) -> None:
    """By matplotlib's own statistics, rep by rep; some MQLs are open, some ended unanswered."""
    random = Random(7)
    minutes: dict[str, list[float]] = {"rep-a": [], "rep-b": [], "rep-c": []}
    for lead in range(1, 301):
        rep = random.choice(list(minutes))
        waited = None if lead % 10 == 0 else random.lognormvariate(3, 1.5)
        answer(connection, lead, rep, waited, dt=date(2026, 11, 1 + lead % 28))
        if waited is not None:
            minutes[rep].append(waited)
    connection.execute(
        "update analytics.response_times set ended_at = mql_at + interval '1 day' where lead_id % 20 = 0"
    )
    connection.commit()
    part = dashboard(OP).read("api/response-times", **DAYS)["by_rep"]
    assert {(box["open"] > 0, box["ended"] > 0) for box in part["boxes"]} == {(True, True)}
    assert sum(box["open"] for box in part["boxes"]) == sum(box["ended"] for box in part["boxes"]) == 15
    for place, box in enumerate(part["boxes"]):
        wanted = boxplot_stats(minutes[box["key"]])[0]
        names = {"low": "whislo", "q1": "q1", "median": "med", "q3": "q3", "high": "whishi"}
        assert {name: box[name] for name in names} == pytest.approx(
            {name: wanted[theirs] for name, theirs in names.items()}
        )
        far = [outlier["minutes"] for outlier in part["outliers"] if outlier["group"] == place]
        assert far == pytest.approx(sorted(wanted["fliers"], reverse=True))
    assert part["more_outliers"] == 0


@pytest.mark.usefixtures("filled")
def test_the_sentences_of_the_report_are_there_in_both_languages(dashboard: Open) -> None:
    sentences = dashboard(OP).read("api/response-times", **DAYS)["sentences"]
    assert "11 of 12 new MQLs" in sentences["en"][0]
    assert "12" in sentences["ja"][0]


def test_a_quarter_is_named_by_the_company_s_year(dashboard: Open) -> None:
    """The one place of the pages that names a quarter; by hand, of a year that begins in April."""
    config = SHIPPED.replace(company=change(SHIPPED.company, fiscal_year_starts=4))
    days = {"from": "2026-07-01", "to": "2026-09-30"}
    for pages, name in ((dashboard(VIEWER), "2026-Q3"), (dashboard(VIEWER, config=config), "FY2026/27-Q2")):
        sentences = pages.read("api/response-times", **days)["sentences"]
        assert {text[0].split(":")[0] for text in sentences.values()} == {name}


@pytest.mark.usefixtures("filled")
def test_who_may_not_see_people_sees_ids_of_salespeople(dashboard: Open) -> None:
    answer = dashboard(VIEWER).get("/leadops/api/response-times", params=DAYS)
    assert "Anna" not in answer.text
    assert "rep-a" in answer.text


def test_without_mqls_the_answer_is_empty(dashboard: Open) -> None:
    page = dashboard(OP).read("api/response-times")
    assert page["by_rep"] == {"boxes": [], "outliers": [], "more_outliers": 0}
    assert page["whole"]["median"] is None


def test_many_salespeople_share_the_last_row(dashboard: Open, connection: Connection) -> None:
    """By hand: 14 salespeople, of whom those with the fewest MQLs (3 of them) share the 12th row."""
    for rep in range(14):
        for number in range(14 - rep):
            answer(connection, 100 * rep + number + 1, f"rep-{rep:02}", 30 + number, dt=date(2026, 11, 20))
    connection.commit()
    boxes = dashboard(OP).read("api/response-times", **DAYS)["by_rep"]["boxes"]
    assert (len(boxes), boxes[-1]["others"], boxes[-1]["mqls"], boxes[-1]["key"]) == (12, 3, 1 + 2 + 3, None)


@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-13-01"},
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "1999-01-01"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"from": "' or 1=1"},
    ],
)
def test_a_period_that_is_none_is_refused(dashboard: Open, period: dict[str, str]) -> None:
    assert dashboard(OP).refuse("api/response-times", 422, **period)


def test_a_hundred_outliers_are_listed_and_the_rest_counted(dashboard: Open, connection: Connection) -> None:
    """By hand: of 600 answers of 10 minutes and 120 of 1000 and more, all 120 lie beyond the whiskers."""
    for lead in range(720):
        answer(connection, lead + 1, "rep-a", 10 if lead < 600 else 1000 + lead, dt=date(2026, 11, 20))
    connection.commit()
    part = dashboard(OP).read("api/response-times", **DAYS)["by_rep"]
    assert (len(part["outliers"]), part["more_outliers"]) == (100, 20)
    assert part["outliers"][0]["minutes"] == 1719
    assert part["outliers"][0]["mql_at"] == "2026-11-20T00:00:00Z"


def test_of_equal_outliers_those_of_the_first_leads_are_listed(
    dashboard: Open, connection: Connection
) -> None:
    """By hand: 150 of 1000 minutes; what ben took as long for lies within his whiskers."""
    for lead in range(1, 1001):
        answer(connection, lead, "rep-a", 1000 if lead > 850 else 10, dt=date(2026, 11, 20))
    for lead in range(2001, 2010):
        answer(connection, lead, "rep-b", 1000, dt=date(2026, 11, 20))
    connection.commit()
    part = dashboard(OP).read("api/response-times", **DAYS)["by_rep"]
    assert [row["lead_id"] for row in part["outliers"]] == list(range(851, 951))
    assert (part["more_outliers"], {row["rep_id"] for row in part["outliers"]}) == (50, {"rep-a"})
