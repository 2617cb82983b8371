"""Lets delivery know who became MQL live: a lead that the MA has lost may be made there again then."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.delivery.presence import record_mqls
from leadops.lifecycle.publish import NewMql, Subscription


def notice_mqls(connection: Connection, mqls: Sequence[NewMql], now: datetime) -> None:
    """Record the new MQLs that are not from a backfill."""
    record_mqls(connection, [mql.lead_id for mql in mqls if not mql.is_backfill], now=now)


SUBSCRIPTION = Subscription("ma", on_mqls=notice_mqls)
