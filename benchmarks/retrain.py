"""Retraining on many mature leads: the time, and the memory of the process that does it."""

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, date, datetime

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.statements import read_statement
from leadops.configuration import Config
from leadops.db import Connection, connect
from leadops.training.retrain import retrain
from leadops.training.training_settings import TrainingSettings

DAY = date(2026, 6, 30)
UNTIL = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)  # the end of DAY in Tokyo
EVENTS_PER_LEAD = 4

#: Features beside the shipped twenty, to make thirty.
MORE = {
    "searches_7d": {"count": ["search"], "days": 7, "log": True},
    "pricing_views_7d": {"count": ["view_pricing"], "days": 7, "log": True},
    "documents_30d": {"count": ["request_document"], "days": 30, "log": True},
    "videos": {"count": ["video_progress"], "log": True},
    "webinars": {"count": ["webinar_attend"], "log": True},
    "mail": {"count": ["mail_open", "mail_click"], "days": 30, "log": True},
    "intent": {"count": ["view_pricing", "request_document", "search"], "days": 14, "log": True},
    "search_recency": {"recency": ["search"], "log": True},
    "document_recency": {"recency": ["request_document"], "log": True},
    "mail_recency": {"recency": ["mail_open", "mail_click"], "log": True},
}


def measure_retrain(*, quick: bool) -> Measured:
    """Fill a database with MQLs, retrain once in a process of its own, and take its time and peak memory."""
    leads = 20_000 if quick else 1_000_000
    with open_arena() as arena:
        with arena.connect() as connection:
            fill_training(connection, leads=leads)
        environment = os.environ | {"LEADOPS_DATABASE_URL": arena.url}
        command = [sys.executable, "-m", "benchmarks.retrain"]
        answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    told = json.loads(answer.stdout)
    if told["leads"] != leads or told["features"] != 30 or told["outcome"] != "first":
        raise RuntimeError(f"not what was to be trained: {told}")
    return Measured(
        figures=[
            Figure("retrain, in all", told["seconds"], "s", "under", 60),
            Figure("peak memory of the process", told["gibibytes"], "GiB", "under", 4),
            Figure("leads", leads, ""),
            Figure("events of theirs", leads * (EVENTS_PER_LEAD + 1), ""),
            Figure("features", told["features"], ""),
            Figure("AUC on the test weeks", told["auc"], ""),
        ],
        remarks=["PostgreSQL's own memory is not in the figure; it has the settings of the stack"],
    )


def fill_training(connection: Connection, *, leads: int) -> None:
    """Put `leads` mature MQLs with their events into an empty database."""
    statement = read_statement("fill_training")
    with connection.transaction():
        values = {"until": UNTIL, "leads": leads, "events": EVENTS_PER_LEAD}
        connection.execute("set local statement_timeout = 0")
        connection.execute(statement.encode(), values)
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False


def settings_of_thirty() -> TrainingSettings:
    """Return the shipped settings with ten features more."""
    shipped = Config().training.model_dump(mode="json")
    return TrainingSettings.model_validate(shipped | {"features": shipped["features"] | MORE})


def main() -> None:
    """Retrain on the database of LEADOPS_DATABASE_URL, and print what it took as JSON."""
    settings = settings_of_thirty()
    with connect(os.environ["LEADOPS_DATABASE_URL"]) as connection:
        started = time.perf_counter()
        made = retrain(connection, day=DAY, settings=settings, company=Config().company, now=UNTIL)
        seconds = time.perf_counter() - started
    told = {
        "seconds": seconds,
        "gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
        "leads": made.leads,
        "features": len(settings.features),
        "outcome": made.outcome,
        "auc": made.findings.get("measures", {}).get("auc", 0.0),
        "reason": made.reason,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
