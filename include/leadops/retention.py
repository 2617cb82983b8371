"""What each room deletes after its days; a room with old rows is one line here."""

from leadops.alerts import removal as alerts
from leadops.canary import removal as canary
from leadops.changes import removal as changes
from leadops.crm import removal as crm
from leadops.delivery import removal as delivery
from leadops.events import removal as events
from leadops.identity import removal as identity
from leadops.intake import removal as intake
from leadops.machines import removal as machines
from leadops.routing import removal as routing

OLD_ROWS = (
    *events.OLD_ROWS,
    *identity.OLD_ROWS,
    *machines.OLD_ROWS,
    *intake.OLD_ROWS,
    *crm.OLD_ROWS,
    *delivery.OLD_ROWS,
    *routing.OLD_ROWS,
    *changes.OLD_ROWS,
    *canary.OLD_ROWS,
    *alerts.OLD_ROWS,
)
