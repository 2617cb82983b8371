"""Which changes are worth an edit."""

import pytest

from leadops.alerts.next_step import is_significant_change


@pytest.mark.parametrize(
    ("kind", "before", "after", "expected"),
    [
        ("cdp_lag", {"minutes": 6}, {"minutes": 11.9}, False),
        ("cdp_lag", {"minutes": 6}, {"minutes": 12}, True),
        ("cdp_lag", {"minutes": 12}, {"minutes": 6}, True),
        ("cdp_lag", {"minutes": 12}, {"minutes": 12, "as_of": "later"}, False),
        ("ma_backlog", {"minutes": 6}, {"minutes": 6, "pause_reason": "429"}, True),
        ("dead_letters", {"count": 1}, {"count": 2}, True),
        ("dag_failed", {"times": 1}, {"times": 2}, True),
        ("sla_breach", {"business_minutes": 1}, {"business_minutes": 100}, False),
    ],
)
def test_doubling_halving_and_counts_are_news(kind, before, after, expected):
    assert is_significant_change(kind, before, after) is expected
