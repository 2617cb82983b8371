"""The page Response times: how long MQLs waited for sales, by salesperson, campaign and hour, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from fastapi import APIRouter, Response

from leadops.configuration import Config
from leadops.dashboard.answers import answer_json
from leadops.dashboard.periods import PagePeriod, PeriodDep
from leadops.dashboard.reader import ReaderDep
from leadops.dashboard.rep_names import read_rep_names
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.queries import Queries
from leadops.reports.boxes import Box, group_boxes, make_box
from leadops.reports.make_report import read_responses
from leadops.reports.report_period import ReportPeriod
from leadops.reports.report_texts import LANGUAGES
from leadops.reports.responses import ResponseTime
from leadops.reports.sentences import say_responses

queries = Queries(__file__)
router = APIRouter(tags=["response times"])

#: Outliers that a breakdown lists, the longest first.
MAX_OUTLIERS = 100


@dataclass(frozen=True)
class BoxFigures:
    """One box; minutes of working time. Without answers there are none."""

    key: str | None  # id, campaign or hour; None: the MQLs that have none, or the rest
    name: str | None  # the salesperson's, for who may see people
    mqls: int
    answered: int
    open: int
    ended: int  # went on or ended without an answer
    others: int  # how many groups share the row; 0: it is one
    low: float | None  # the whisker
    q1: float | None
    median: float | None
    q3: float | None
    high: float | None  # the whisker


@dataclass(frozen=True)
class OutlierDetails:
    """When an MQL was answered, and how often it moved on before."""

    lead_id: int
    cycle: int
    mql_at: datetime  # UTC
    sal_at: datetime | None
    wall_minutes: float | None
    moves: int


@dataclass(frozen=True)
class ResponseOutlier:
    """An answer beyond the whiskers of its group."""

    group: int  # the place of its box
    lead_id: int
    minutes: float  # of working time
    wall_minutes: float | None
    cause: str | None  # of the longest part of the wait
    moves: int
    mql_at: datetime
    sal_at: datetime | None
    rep_id: str | None
    campaign: str | None


@dataclass(frozen=True)
class ResponseBreakdown:
    """The boxes of one dimension, and the answers beyond their whiskers, the longest first."""

    boxes: list[BoxFigures]
    outliers: list[ResponseOutlier]
    more_outliers: int


@dataclass(frozen=True)
class ResponseAnswer:
    """What the page shows."""

    first: date
    last: date
    target_minutes: float  # for the median, of working time
    min_answers: int  # with fewer, a box says little
    whole: BoxFigures
    by_rep: ResponseBreakdown
    by_campaign: ResponseBreakdown
    by_hour: ResponseBreakdown
    sentences: dict[str, list[str]]  # by language


def read_response_times(
    connection: Connection, *, period: PagePeriod, config: Config, sees_people: bool
) -> ResponseAnswer:
    """Return the response times of `period` as the report of these days would have them, by hour as well."""
    settings, target = config.reports, config.sla.median.target_minutes
    days = ReportPeriod(period.first, period.last, config.company.fiscal_year_starts)
    responses = read_responses(connection, days, settings=settings.model_copy(update={"rep_names": False}))
    names = read_rep_names(connection, {each.rep for each in responses}) if sees_people else {}
    by_rep = group_boxes(responses, lambda each: each.rep, settings=settings)
    by_campaign = group_boxes(responses, lambda each: each.campaign, settings=settings)
    by_hour = [
        make_box(str(hour), [each for each in responses if each.hour == hour])
        for hour in sorted({each.hour for each in responses if each.hour is not None})
    ]
    return ResponseAnswer(
        first=period.first,
        last=period.last,
        target_minutes=target,
        min_answers=settings.min_answers,
        whole=describe_box(make_box(None, responses), {}),
        by_rep=break_down(connection, by_rep, responses, lambda each: each.rep, names),
        by_campaign=break_down(connection, by_campaign, responses, lambda each: each.campaign, {}),
        by_hour=break_down(connection, by_hour, responses, lambda each: str(each.hour), {}),
        sentences={
            language: say_responses(
                responses,
                period=days,
                by_rep=[replace(box, label=names.get(box.label or "", box.label)) for box in by_rep],
                by_campaign=by_campaign,
                target_minutes=target,
                min_answers=settings.min_answers,
                language=language,
            )
            for language in LANGUAGES
        },
    )


def describe_box(box: Box, names: dict[str, str]) -> BoxFigures:
    """Return the figures of a box; `names` are those of salespeople."""
    low, high = box.whiskers if box.minutes else (None, None)
    q1, median, q3 = (box.quantile(part) if box.minutes else None for part in (0.25, 0.5, 0.75))
    return BoxFigures(
        key=box.label,
        name=names.get(box.label or ""),
        mqls=box.mqls,
        answered=len(box.minutes),
        open=box.open,
        ended=box.ended,
        others=box.others,
        low=low,
        q1=q1,
        median=median,
        q3=q3,
        high=high,
    )


def break_down(
    connection: Connection,
    boxes: Sequence[Box],
    responses: Sequence[ResponseTime],
    key: Callable[[ResponseTime], str | None],
    names: dict[str, str],
) -> ResponseBreakdown:
    """Return the figures of `boxes`, and the answers that lie beyond the whiskers of their own box."""
    places = {box.label: place for place, box in enumerate(boxes) if not box.others}
    rest = next((place for place, box in enumerate(boxes) if box.others), None)
    whiskers = {place: box.whiskers for place, box in enumerate(boxes) if box.minutes}
    far: list[tuple[ResponseTime, int]] = []
    for response in responses:
        place = places.get(key(response), rest)
        if response.minutes is not None and place is not None:
            low, high = whiskers[place]
            if not low <= response.minutes <= high:
                far.append((response, place))
    far.sort(key=lambda each: (-(each[0].minutes or 0), each[0].lead_id, each[0].cycle))
    shown = far[:MAX_OUTLIERS]
    details = {
        (row.lead_id, row.cycle): row
        for row in queries.all(
            connection,
            "describe_outliers",
            OutlierDetails,
            lead_ids=[response.lead_id for response, _ in shown],
            cycles=[response.cycle for response, _ in shown],
        )
    }
    return ResponseBreakdown(
        boxes=[describe_box(box, names) for box in boxes],
        outliers=[
            _describe_outlier(response, place, details[response.lead_id, response.cycle])
            for response, place in shown
        ],
        more_outliers=len(far) - len(shown),
    )


def _describe_outlier(response: ResponseTime, place: int, details: OutlierDetails) -> ResponseOutlier:
    return ResponseOutlier(
        group=place,
        lead_id=response.lead_id,
        minutes=response.minutes or 0,
        wall_minutes=details.wall_minutes,
        cause=response.cause,
        moves=details.moves,
        mql_at=details.mql_at,
        sal_at=details.sal_at,
        rep_id=response.rep,
        campaign=response.campaign,
    )


@router.get("/api/response-times", response_model=ResponseAnswer)
def show_response_times(
    period: PeriodDep, reader: ReaderDep, dashboard: DashboardDep, connection: ConnectionDep
) -> Response:
    """Return how long the MQLs of the period waited for sales."""
    answer = read_response_times(
        connection, period=period, config=dashboard.read_config(), sees_people=reader.sees_people
    )
    return answer_json(answer, as_of=dashboard.clock())
