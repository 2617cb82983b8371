"""Every check of every stage, in the order in which they run."""

from leadops.changes import checks as changes
from leadops.config import checks as config
from leadops.crm import checks as crm
from leadops.delivery import checks as delivery
from leadops.events import checks as events
from leadops.funnel import checks as funnel
from leadops.housekeeping import checks as housekeeping
from leadops.identity import checks as identity
from leadops.incidents import checks as incidents
from leadops.incidents.check import Check
from leadops.intake import checks as intake
from leadops.lifecycle import checks as lifecycle
from leadops.machines import checks as machines
from leadops.routing import checks as routing
from leadops.sla import checks as sla
from leadops.thresholds import checks as thresholds
from leadops.training import checks as training

CHECKS: tuple[Check, ...] = (
    *events.CHECKS,
    *intake.CHECKS,
    *crm.CHECKS,
    *sla.CHECKS,
    *routing.CHECKS,
    *delivery.CHECKS,
    *identity.CHECKS,
    *machines.CHECKS,
    *funnel.CHECKS,
    *lifecycle.CHECKS,
    *thresholds.CHECKS,
    *training.CHECKS,
    *housekeeping.CHECKS,
    *incidents.CHECKS,
    *config.CHECKS,
    *changes.CHECKS,
)
