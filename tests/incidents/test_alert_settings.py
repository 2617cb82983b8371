"""Settings that Slack or the catalogue would trip over are refused with a line that says which."""

from datetime import timedelta

import pytest

from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.incidents.alert_settings import AlertRoute, AlertSettings
from leadops.incidents.kinds import KINDS
from tests.shipped import SHIPPED, change


@pytest.mark.parametrize(
    "line",
    [
        'channel: "#alerts"',
        "mention: everybody",
        "escalate_after_minutes: {coffee: 3}",
        "cdp_lag_clear_minutes: 6",
        "runbook_base_url: wiki",
        "seconds_between_calls: -1",
        "typo: 1",
        "tell_at_most: 9",
        "channels: {critical: everywhere}",
        "channels: {critical: null}",
        "channels: !only {critical: both}",
        "channels_by_kind: {coffee: slack}",
        "channels_by_kind: {slack_failing: slack}",
        "channels_by_kind: {pagerduty_failing: pagerduty}",
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path, line):
    path = tmp_path / "alerts.yaml"
    path.write_text(f"# mine\n{line}\n")
    with pytest.raises(ConfigError, match=r"alerts\.yaml:[12]: "):
        load_section("alerts", AlertSettings, own=path)


def test_escalation_can_be_changed_or_switched_off_by_kind():
    changed = change(SHIPPED.alerts, escalate_after_minutes={"cdp_lag": 1.5, "dag_failed": None})
    assert str(changed.escalation("cdp_lag")) == "0:01:30"
    assert changed.escalation("dag_failed") is None
    for kind in KINDS.values():
        minutes = kind.escalate_after
        wait = None if minutes is None else timedelta(minutes=minutes)
        assert SHIPPED.alerts.escalation(kind.name) == wait, kind.name


def test_each_kind_goes_where_its_severity_says_unless_it_is_named():
    assert {kind for kind in KINDS if SHIPPED.alerts.route(kind) is AlertRoute.SLACK} == {
        kind.name for kind in KINDS.values() if kind.severity == "warning"
    } | {"sla_breach", "queue_waiting", "pagerduty_failing"}
    only = change(
        SHIPPED.alerts,
        channels={"critical": "slack", "warning": "slack"},
        channels_by_kind={"cdp_lag": "pagerduty", "dag_failed": "both"},
    )
    assert only.list_paged_kinds() == ["cdp_lag", "dag_failed", "slack_failing"]
    assert only.list_paged_kinds(only=True) == ["cdp_lag"]
