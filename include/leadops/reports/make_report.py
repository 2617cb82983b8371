"""Makes the report on response times: picture and sentences, as a file and on record."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import find_past
from leadops.nurture.lift_sentence import say_lift
from leadops.nurture.measure_lift import choose_totals, read_lifts
from leadops.queries import Queries
from leadops.reports.boxes import Box, group_boxes, make_box
from leadops.reports.draw import draw_responses
from leadops.reports.report_period import ReportPeriod
from leadops.reports.report_settings import ReportSettings
from leadops.reports.report_texts import REPORT_TEXTS
from leadops.reports.responses import ResponsePack, Responses, unpack_responses
from leadops.reports.sentences import say_responses
from leadops.sla.sla_policy import SlaPolicy

queries = Queries(__file__)

NAME = "response-times"


@dataclass(frozen=True)
class ReportRecord:
    """A report on record."""

    report_id: int
    file: Path
    sentences: list[str]
    mqls: int


@dataclass(frozen=True)
class ReportedRep:
    """A salesperson, as the CRM calls them."""

    rep_id: str
    name: str


@dataclass(frozen=True)
class LateCause:
    """How many late answers had this cause."""

    cause: str
    answers: int


def make_report(
    connection: Connection,
    *,
    period: ReportPeriod,
    settings: ReportSettings,
    company: Company,
    policy: SlaPolicy,
    now: datetime,
    file: Path | None = None,
) -> ReportRecord:
    """Draw the response times of `period` as they are known now, keep them in `file` and on record; commits.

    `file` is by default one in the folder of reports.yaml, named after the days. The same figures give the
    same bytes. Raises PermanentError where the file cannot be written.
    """
    with connection.transaction():
        responses = read_responses(connection, period, names=settings.rep_names)
        whole = make_box(None, responses.minutes)
        late_causes = count_late_causes(connection, period, whole)
        lifts = list(choose_totals(read_lifts(connection, until=period.last_day)))
        past = find_past(connection)
    if past and past.first_day <= period.last_day and period.first_day <= past.last_day:
        period = replace(period, note=REPORT_TEXTS[company.language]["made_up"])
    by_rep = group_boxes(responses, "rep", settings=settings).boxes
    by_campaign = group_boxes(responses, "campaign", settings=settings).boxes
    target = policy.median.target_minutes
    picture, names = draw_responses(
        [("by_rep", "nobody", by_rep), ("by_campaign", "no_campaign", by_campaign)],
        period=str(period),
        target_minutes=target,
        min_answers=settings.min_answers,
        language=company.language,
    )
    sentences = say_responses(
        whole,
        late_causes=late_causes,
        period=period,
        by_rep=by_rep,
        by_campaign=by_campaign,
        target_minutes=target,
        min_answers=settings.min_answers,
        language=company.language,
    )
    sentences += [say_lift(lift, company.language) for lift in lifts]
    if names:  # of rows whose letters no font here has
        sentences.append(", ".join(f"{number} = {name}" for number, name in names.items()))
    file = file or settings.place() / f"{NAME}_{period.first_day}_{period.last_day}.png"
    write_file(file, picture)
    text = json.dumps(sentences, ensure_ascii=False)
    with connection.transaction():
        report_id = queries.value(
            connection,
            "upsert_report",
            name=NAME,
            first_day=period.first_day,
            last_day=period.last_day,
            now=now,
            sentences=Jsonb(sentences),
            facts=Jsonb({"mqls": whole.mqls, "period": str(period)}),
            picture=picture,
            digest=hashlib.sha256(picture + text.encode()).hexdigest(),
            file=str(file),
        )
    return ReportRecord(int(report_id), file, sentences, whole.mqls)


def read_responses(connection: Connection, period: ReportPeriod, *, names: bool) -> Responses:
    """Return the MQLs of `period`; not those of a backfill, because sales was not notified of them.

    With `names`, salespeople have the names that the CRM knows.
    """
    queries.run(connection, "tune_planner")
    packs = queries.all_binary(
        connection,
        "pack_responses",
        ResponsePack,
        first_day=period.first_day,
        last_day=period.last_day,
    )
    if names:
        known = {row.rep_id: row.name for row in queries.all(connection, "list_rep_names", ReportedRep)}
        packs = [replace(pack, rep=known.get(pack.rep or "", pack.rep)) for pack in packs]
    return unpack_responses(packs)


def count_late_causes(connection: Connection, period: ReportPeriod, whole: Box) -> dict[str, int]:
    """Return how many answers of `period` lie above the upper fence of `whole`, their box, by cause."""
    if not whole.answered:
        return {}
    bounds = {"first_day": period.first_day, "last_day": period.last_day}
    rows = queries.all(connection, "count_late_causes", LateCause, **bounds, limit_minutes=whole.fences[1])
    return {row.cause: row.answers for row in rows}


def write_file(file: Path, content: bytes) -> None:
    """Write `content` to `file`, whole or not at all; raise PermanentError where that is not possible."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(dir=file.parent, suffix=".part")
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(half).chmod(0o644)
        Path(half).replace(file)
    except OSError as error:
        raise PermanentError(
            f"{file} cannot be written ({error.strerror}); set `folder` in reports.yaml to a folder that can"
        ) from error
