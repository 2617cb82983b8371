from datetime import UTC, datetime

from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.live.lane_record import LaneReport, record_lane
from leadops.live.stage_backoff import StageBackoff

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_long_errors_of_all_stages_can_be_put_on_record(connection: Connection) -> None:
    stages = StageBackoff(lambda: NOW)

    def fail() -> bool:
        raise ConfigError("routing.yaml:1: " + "x" * 5_000)

    for stage in ("resolve", "score", "qualify", "assign"):
        assert not stages.run(connection, stage, fail)
    report = LaneReport(is_on=True, problem=stages.describe())
    record_lane(connection, "lane-1", report, started_at=NOW, now=NOW)
    (problem,) = connection.execute("select problem from live.lanes").fetchall()[0]
    assert [line.split(": ")[0] for line in problem.split("; ")] == ["assign", "qualify", "resolve", "score"]
