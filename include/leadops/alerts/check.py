"""What a check is: one question to the tables, whose answer are findings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.findings import Finding, Key
from leadops.alerts.watch_cdp import CdpReading
from leadops.db import Connection


@dataclass(frozen=True)
class CheckInput:
    """What a check may look at beside the tables: `cdp` is None where nobody asked the CDP."""

    settings: AlertSettings
    now: datetime
    open_now: frozenset[Key]
    cdp: CdpReading | None = None


Look = Callable[[Connection, CheckInput], list[Finding]]


@dataclass(frozen=True)
class Check:
    """One question to the tables: `look` answers with findings of `kinds` and of no other kind."""

    name: str
    kinds: tuple[str, ...]
    look: Look
