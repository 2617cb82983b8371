"""Live lanes on the database of a test: in a thread, or in a process that can be killed."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from leadops.effect_guards import EFFECT_GUARDS
from leadops.errors import LeadopsError
from leadops.live.lane_config import LaneConfig, LaneWiring
from leadops.live.live_lane import LiveLane
from tests.delivery_fixture import DeliveryFixture
from tests.shipped import SHIPPED, change


def clock() -> datetime:
    return datetime.now(UTC)


def make_config(desk: DeliveryFixture, **changes: Any) -> LaneConfig:
    """The shipped settings with hardly any pause, and `changes` to whole sections."""
    sections: dict[str, Any] = {
        "settings": change(SHIPPED.live, round_seconds=0.0, poll_seconds=30.0),
        "identity": SHIPPED.identity,
        "scoring": SHIPPED.scoring,
        "source": "here live",
        "machines": SHIPPED.machines,
        "zone": SHIPPED.company.zone,
        "fold_case": SHIPPED.company.fold_case,
        "kpi": SHIPPED.kpi,
        "routing": SHIPPED.routing,
        "delivery": desk.settings.model_copy(
            update={"targets": SHIPPED.delivery.targets | desk.settings.targets}
        ),
        "ma": desk.endpoint,
    }
    return LaneConfig(**(sections | changes))


class Settings:
    """The settings as a lane reads them: `config` is new until it was read; `error` makes reading fail."""

    def __init__(self, config: LaneConfig) -> None:
        self.config: LaneConfig | None = config
        self.error: LeadopsError | None = None

    def read(self, number: int) -> LaneConfig | None:
        if self.error:
            raise self.error
        config, self.config = self.config, None
        return config


def make_wiring(desk: DeliveryFixture, settings: Settings, *, name: str = "lane-1") -> LaneWiring:
    return LaneWiring(name, desk.url, clock, settings.read, guards=EFFECT_GUARDS)


@contextmanager
def run_lane(
    desk: DeliveryFixture, settings: Settings | None = None, *, name: str = "lane-1"
) -> Iterator[LiveLane]:
    """Run a lane in a thread while the block runs."""
    stop_asked = threading.Event()
    lane = LiveLane(make_wiring(desk, settings or Settings(make_config(desk)), name=name), stop_asked)
    thread = threading.Thread(target=lane.run, daemon=True)
    thread.start()
    try:
        yield lane
    finally:
        stop_asked.set()
        thread.join(timeout=60)
        assert not thread.is_alive(), "the lane does not stop"


def start_lane(desk: DeliveryFixture, *, name: str = "lane-1", **changes: Any) -> Any:
    """Start a lane in a process, to be killed; return the process."""

    def work() -> None:
        wiring = make_wiring(desk, Settings(make_config(desk, **changes)), name=name)
        LiveLane(wiring, threading.Event()).run()

    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    return process
