from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadops.config.load_config import shipped_file
from leadops.errors import ConfigError
from leadops.lifecycle.kpi_contract import KpiContract
from tests.shipped import SHIPPED

TEXT = shipped_file("kpi").read_text(encoding="utf-8")


def read(text: str, folder: Path) -> KpiContract:
    path = folder / "kpi.yaml"
    path.write_text(text, encoding="utf-8")
    return SHIPPED.with_file("kpi", path).kpi


def second_version(name: str, day: str) -> str:
    """The default file with one more version: the same agreement under another name."""
    first = TEXT[TEXT.index("  - version:") :]
    return TEXT + first.replace("2026-Q1", name).replace("2026-01-01", day)


def test_a_version_is_in_force_from_its_midnight_in_the_companys_zone(tmp_path: Path) -> None:
    text = second_version("2026-Q2", "2026-04-01").replace("timezone: null", "timezone: Asia/Tokyo")
    contract = read(text, tmp_path)
    names = [
        contract.active_version(datetime(2026, 3, 31, hour, minute, tzinfo=UTC)).version
        for hour, minute in [(14, 59), (15, 0)]
    ]
    assert names == ["2026-Q1", "2026-Q2"]


def test_the_first_version_covers_what_was_before_it(tmp_path: Path) -> None:
    assert read(TEXT, tmp_path).active_version(datetime(2019, 1, 1, tzinfo=UTC)).version == "2026-Q1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (second_version("2026-Q2", "2026-01-01"), "versions: .*must rise"),
        (second_version("2026-Q1", "2026-04-01"), "versions: .*name of its own"),
        (TEXT.replace("timezone: null", "timezone: Tokyo"), r"kpi.yaml:5: timezone: .*'Tokyo'"),
        (TEXT.replace("fit: 20", "fit: much"), r"kpi.yaml:\d+: versions.0.mql.fit"),
        (TEXT.replace("won: [won, closed_won]", "won: []"), r"kpi.yaml:\d+: versions.0.won"),
        (TEXT.replace("at_least: 2", "at_leats: 2"), r"kpi.yaml:\d+: versions.0.sql.at_leats"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        read(text, tmp_path)


def test_rules_are_a_flat_row_for_the_sql_with_the_time_in_which_they_are_in_force(tmp_path: Path) -> None:
    text = second_version("2026-Q2", "2026-04-01").replace("timezone: null", "timezone: Asia/Tokyo")
    contract = read(text, tmp_path)
    first, second = contract.span_rows()
    version = contract.versions[0]
    assert first == {
        "version": "2026-Q1",
        "taken": version.sal.taken,
        "contact": version.sal.contact,
        "contacted": version.sal.contacted,
        "within_hours": version.sal.within_hours,
        "criteria": version.sql.criteria,
        "at_least": version.sql.at_least,
        "next_meeting": version.sql.next_meeting,
        "won": version.won,
        "lost": version.lost,
        "since": "-infinity",
        "until": "2026-04-01T00:00:00+09:00",
    }
    assert second == first | {
        "version": "2026-Q2",
        "since": "2026-04-01T00:00:00+09:00",
        "until": "infinity",
    }
