"""Every check of every stage, in the order in which they run; and whether on-call can be reached."""

from datetime import timedelta

from leadops.alerts.failing_channel import AlertChannel, list_failing
from leadops.canary import checks as canary
from leadops.changes import checks as changes
from leadops.config import checks as config
from leadops.consent import checks as consent
from leadops.crm import checks as crm
from leadops.db import Connection
from leadops.delivery import checks as delivery
from leadops.events import checks as events
from leadops.funnel import checks as funnel
from leadops.housekeeping import checks as housekeeping
from leadops.identity import checks as identity
from leadops.incidents import checks as incidents
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.incidents.kinds import PAGERDUTY_FAILING, SLACK_FAILING
from leadops.intake import checks as intake
from leadops.lifecycle import checks as lifecycle
from leadops.live import checks as live
from leadops.machines import checks as machines
from leadops.nurture import checks as nurture
from leadops.routing import checks as routing
from leadops.sla import checks as sla
from leadops.thresholds import checks as thresholds
from leadops.training import checks as training
from leadops.warehouse import checks as warehouse

KIND_OF = {AlertChannel.SLACK: SLACK_FAILING, AlertChannel.PAGERDUTY: PAGERDUTY_FAILING}


def check_channels(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the channels that have not taken what waits for some minutes."""
    minutes = given.settings.channel_failing_minutes
    findings = []
    for failing in list_failing(connection, minutes=minutes, now=given.now):
        lasted = round((given.now - failing.failing_since) / timedelta(minutes=1), 1)
        facts = {
            "waiting": failing.waiting,
            "problem": failing.problem,
            "minutes": lasted,
            "worst": lasted,
            "limit": minutes,
        }
        findings.append(fire(KIND_OF[AlertChannel(failing.channel)], facts, since=failing.failing_since))
    return findings


CHECKS: tuple[Check, ...] = (
    *events.CHECKS,
    *intake.CHECKS,
    *crm.CHECKS,
    *sla.CHECKS,
    *routing.CHECKS,
    *nurture.CHECKS,
    *delivery.CHECKS,
    *consent.CHECKS,
    *identity.CHECKS,
    *machines.CHECKS,
    *funnel.CHECKS,
    *lifecycle.CHECKS,
    *live.CHECKS,
    *thresholds.CHECKS,
    *training.CHECKS,
    *warehouse.CHECKS,
    *canary.CHECKS,
    *housekeeping.CHECKS,
    *incidents.CHECKS,
    *config.CHECKS,
    *changes.CHECKS,
    Check("channels", (SLACK_FAILING, PAGERDUTY_FAILING), check_channels),
)
