"""The clock, the Slack and the look of the alerts' tests."""

from tests.alerts.checking import look
from tests.alerts.conftest import clock, settings, slack, slack_server

__all__ = ["clock", "look", "settings", "slack", "slack_server"]
