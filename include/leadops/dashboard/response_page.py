"""The page Response times: how long MQLs waited for sales, by salesperson, campaign and hour, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from fastapi import APIRouter, Response
from numpy.typing import NDArray

from leadops.configuration import Config
from leadops.dashboard.answers import answer_json
from leadops.dashboard.periods import PagePeriod, PeriodDep
from leadops.dashboard.reader import ReaderDep
from leadops.dashboard.rep_names import read_rep_names
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.queries import Queries
from leadops.reports.boxes import Box, GroupedBoxes, group_boxes, make_box
from leadops.reports.make_report import count_late_causes, read_responses
from leadops.reports.report_period import ReportPeriod
from leadops.reports.report_texts import LANGUAGES
from leadops.reports.responses import Dimension, Responses
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


class LateAnswer(NamedTuple):
    """An MQL, when it was answered, why so late, and how often it moved on before."""

    lead_id: int
    cycle: int
    minutes: float  # of working time
    rep: str | None
    campaign: str | None
    hour: str
    cause: str | None
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
    responses = read_responses(connection, days, names=False)
    whole = make_box(None, responses.minutes)
    late_causes = count_late_causes(connection, days, whole)
    by_rep = group_boxes(responses, "rep", settings=settings)
    by_campaign = group_boxes(responses, "campaign", settings=settings)
    by_hour = group_boxes(responses, "hour", settings=settings)
    reps = [box.label for box in by_rep.boxes]
    names = read_rep_names(connection, reps) if sees_people else {}
    outliers = list_outliers(
        connection, responses, period, {"rep": by_rep, "campaign": by_campaign, "hour": by_hour}
    )
    return ResponseAnswer(
        first=period.first,
        last=period.last,
        target_minutes=target,
        min_answers=settings.min_answers,
        whole=describe_box(whole, {}),
        by_rep=break_down(by_rep, outliers["rep"], names),
        by_campaign=break_down(by_campaign, outliers["campaign"], {}),
        by_hour=break_down(by_hour, outliers["hour"], {}),
        sentences={
            language: say_responses(
                whole,
                late_causes=late_causes,
                period=days,
                by_rep=[replace(box, label=names.get(box.label or "", box.label)) for box in by_rep.boxes],
                by_campaign=by_campaign.boxes,
                target_minutes=target,
                min_answers=settings.min_answers,
                language=language,
            )
            for language in LANGUAGES
        },
    )


def describe_box(box: Box, names: dict[str, str]) -> BoxFigures:
    """Return the figures of a box; `names` are those of salespeople."""
    low, high = box.whiskers if box.answered else (None, None)
    q1, median, q3 = (box.quantile(part) if box.answered else None for part in (0.25, 0.5, 0.75))
    return BoxFigures(
        key=box.label,
        name=names.get(box.label or ""),
        mqls=box.mqls,
        answered=box.answered,
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
    grouped: GroupedBoxes, outliers: Sequence[ResponseOutlier], names: dict[str, str]
) -> ResponseBreakdown:
    """Return the figures of the boxes beside the outliers that are listed, and how many more there are."""
    count = sum(len(box.outliers) for box in grouped.boxes if box.answered)
    return ResponseBreakdown(
        boxes=[describe_box(box, names) for box in grouped.boxes],
        outliers=list(outliers),
        more_outliers=count - len(outliers),
    )


def list_outliers(
    connection: Connection,
    responses: Responses,
    period: PagePeriod,
    dimensions: Mapping[Dimension, GroupedBoxes],
) -> dict[Dimension, list[ResponseOutlier]]:
    """Return of each dimension the answers beyond the whiskers of their own box, the longest MAX_OUTLIERS.

    Their minutes are known; whose they are is looked up by them.
    """
    far = {dimension: _find_longest(responses, grouped) for dimension, grouped in dimensions.items()}
    wanted = np.unique(np.concatenate(list(far.values()))).tolist()
    bounds = {"first_day": period.first, "last_day": period.last}
    answers = queries.all(connection, "list_answers", LateAnswer, **bounds, minutes=wanted) if wanted else []
    answers.sort(key=lambda answer: (-answer.minutes, answer.lead_id, answer.cycle))
    found: dict[Dimension, list[ResponseOutlier]] = {}
    for dimension, grouped in dimensions.items():
        low, high = _list_whiskers(grouped)
        own: list[ResponseOutlier] = []
        for answer in answers:
            place = grouped.place_of[getattr(answer, dimension)]
            if len(own) < MAX_OUTLIERS and not low[place] <= answer.minutes <= high[place]:
                own.append(_describe_outlier(place, answer))
        found[dimension] = own
    return found


def _find_longest(responses: Responses, grouped: GroupedBoxes) -> NDArray[np.float64]:
    """Return the minutes of the outliers, at most the MAX_OUTLIERS longest."""
    low, high = _list_whiskers(grouped)
    minutes = responses.minutes
    is_far = (minutes < low[grouped.places]) | (minutes > high[grouped.places])
    return minutes[is_far & np.isfinite(minutes)][-MAX_OUTLIERS:]


def _list_whiskers(grouped: GroupedBoxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    whiskers = [box.whiskers if box.answered else (0.0, 0.0) for box in grouped.boxes]
    low, high = np.array(whiskers).reshape(-1, 2).T
    return low, high


def _describe_outlier(place: int, answer: LateAnswer) -> ResponseOutlier:
    return ResponseOutlier(
        group=place,
        lead_id=answer.lead_id,
        minutes=answer.minutes,
        wall_minutes=answer.wall_minutes,
        cause=answer.cause,
        moves=answer.moves,
        mql_at=answer.mql_at,
        sal_at=answer.sal_at,
        rep_id=answer.rep,
        campaign=answer.campaign,
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
