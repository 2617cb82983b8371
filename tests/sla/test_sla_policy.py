from datetime import date
from pathlib import Path

import pytest

from leadops.config.load_config import shipped_file
from leadops.errors import ConfigError
from leadops.sla.sla_policy import SlaPolicy
from tests.shipped import SHIPPED

TEXT = shipped_file("sla").read_text(encoding="utf-8")


def read(text: str, folder: Path) -> SlaPolicy:
    path = folder / "sla.yaml"
    path.write_text(text, encoding="utf-8")
    return SHIPPED.with_file("sla", path).sla


def test_the_defaults_promise_ten_minutes_a_day_and_two_hours() -> None:
    policy = SHIPPED.sla
    assert policy.tier_of(90).targets() == {"first_contact": 10, "sal": 24 * 60}
    assert policy.tier_of(-5).name == "standard"
    assert policy.median.target_minutes == 120
    assert policy.zone.key == "Asia/Tokyo"


def test_the_fingerprint_changes_with_any_setting(tmp_path: Path) -> None:
    before = read(TEXT, tmp_path).fingerprint()
    assert read(TEXT, tmp_path).fingerprint() == before
    for old, new in [("09:00-18:00", "09:00-17:00"), ("timezone: null", "timezone: Europe/Berlin")]:
        assert read(TEXT.replace(old, new), tmp_path).fingerprint() != before


def test_a_canton_has_holidays_of_its_own(tmp_path: Path) -> None:
    text = TEXT.replace("country: JP", "country: CH").replace("subdivision: null", "subdivision: GE")
    public = read(text, tmp_path).holidays.public()
    assert public is not None
    assert date(2026, 12, 31) in public


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("min_total: null", "min_total: 5", r"sla.yaml:\d+: tiers: .*last tier"),
        ('monday: ["09:00-18:00"]', 'monday: ["9-18"]', r"sla.yaml:\d+: working_hours.monday.0.*'9-18'"),
        ('monday: ["09:00-18:00"]', 'monday: ["18:00-09:00"]', r"working_hours.monday.0.*two spans"),
        ('monday: ["09:00-18:00"]', 'monday: ["09:00-12:00", "11:00-18:00"]', "overlap"),
        ('["09:00-18:00"]', "[]", r"sla.yaml:\d+: working_hours: .*no day"),
        ("country: JP", "country: Atlantis", r"sla.yaml:\d+: holidays: .*does not know"),
        ("subdivision: null", "subdivision: XX", r"sla.yaml:\d+: holidays: .*does not know"),
        ("timezone: null", "timezone: Tokyo", r"sla.yaml:\d+: timezone: .*'Tokyo'"),
        ("nights: pause", "nights: sleep", r"sla.yaml:\d+: off_hours.nights"),
        ("first_contact: 0.5", "first_contact: 50", r"sla.yaml:\d+: warn_at.first_contact"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(old: str, new: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        read(TEXT.replace(old, new), tmp_path)
