"""The rooms that act on what lifecycle records; a new subscriber is one line here."""

from leadops.lifecycle import crm_links, notice_mqls
from leadops.routing import subscription as routing
from leadops.sla import subscription as sla

SUBSCRIBERS = (
    crm_links.SUBSCRIPTION,
    notice_mqls.SUBSCRIPTION,
    routing.SUBSCRIPTION,
    sla.SUBSCRIPTION,
)
