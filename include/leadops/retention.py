"""What each room deletes after its days; a room with old rows is one line here."""

from leadops.alerts import purge as alerts
from leadops.changes import purge as changes
from leadops.crm import purge as crm
from leadops.delivery import purge as delivery
from leadops.events import purge as events
from leadops.identity import purge as identity
from leadops.intake import purge as intake
from leadops.machines import purge as machines
from leadops.routing import purge as routing

OLD_ROWS = (
    *events.OLD_ROWS,
    *identity.OLD_ROWS,
    *machines.OLD_ROWS,
    *intake.OLD_ROWS,
    *crm.OLD_ROWS,
    *delivery.OLD_ROWS,
    *routing.OLD_ROWS,
    *changes.OLD_ROWS,
    *alerts.OLD_ROWS,
)
