"""`leadops live`: score and send what comes in at once, until stopped."""

import os
import platform
import signal
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from leadops.cli.context import clock, find_product, open_connection, sleep
from leadops.cli.terminal import console
from leadops.config.settings_folder import FileState
from leadops.configuration import Config
from leadops.delivery.database_mark import open_mark
from leadops.effect_guards import EFFECT_GUARDS
from leadops.live.lane_config import LaneConfig, LaneWiring
from leadops.live.live_lane import LiveLane
from leadops.schema_version import wait_for_version
from leadops.scoring.active_rules import name_source
from leadops.settings import database_url, mark_folder

#: The settings of a lane.
SECTIONS = (
    *("company", "delivery", "identity", "kpi", "live", "machines", "products", "reps", "routing", "scoring"),
)
#: How often the lane reads its settings though nothing changed: to say that it still has these files.
READ_EVERY = timedelta(minutes=1)


def live(
    alive_file: Annotated[
        Path | None,
        typer.Option(help="Touch this file while the lane works, for a container's health check."),
    ] = None,
) -> None:
    """Score and send what comes in within seconds, until stopped; the DAG of the minute does what is left.

    Several may run. Where `enabled` in live.yaml is false it does nothing.
    """
    stop_asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop_asked.set())

    def wait(seconds: float) -> None:
        if stop_asked.wait(seconds):
            raise typer.Exit

    wait_for_version(open_connection, sleep=wait)
    wiring = LaneWiring(
        name=f"{platform.node()}-{os.getpid()}",
        database_url=database_url(),
        clock=clock,
        read_config=LaneReader().read_changes,
        mark=open_mark(mark_folder()),
        guards=EFFECT_GUARDS,
        after_beat=alive_file.touch if alive_file else lambda: None,
    )
    console.print("live: scores and sends what comes in at once", highlight=False)
    LiveLane(wiring, stop_asked).run()


class LaneReader:
    """Reads the settings of a lane as the tasks do: those in force, of files and of decisions."""

    def __init__(self) -> None:
        self._files: Mapping[str, FileState] = {}
        self._number = -1
        self._read_at: datetime | None = None

    def read_changes(self, number: int) -> LaneConfig | None:
        """Return the settings in force if they may have changed; raise LeadopsError where one is unusable.

        `number` is that of what was put in force last (config.gated_settings).
        """
        now, files = clock(), Config.from_environment().read_files(SECTIONS)
        is_same = (files, number) == (self._files, self._number)
        if is_same and self._read_at and now - self._read_at < READ_EVERY:
            return None
        self._files, self._number, self._read_at = files, number, now
        try:
            return self._read()
        except Exception:
            self._read_at = None  # soon again
            raise

    def _read(self) -> LaneConfig:
        config = Config.in_force(part="live", open_database=open_connection, clock=clock, sleep=sleep)
        config.read_all(SECTIONS)  # so that every refused file is named
        has_ma = bool(os.environ.get("AIRFLOW_CONN_LEADOPS_MA"))
        return LaneConfig(
            settings=config.live,
            identity=config.identity,
            scoring=config.scoring,
            # Not the tasks' own name: what one of the two has read late must not undo what the other has.
            source=f"{name_source(config.find_file('scoring'))} live",
            machines=config.machines,
            zone=config.company.zone,
            fold_case=config.company.fold_case,
            kpi=config.kpi,
            routing=config.routing,
            delivery=config.delivery,
            ma=find_product("ma", config) if has_ma else None,
        )
