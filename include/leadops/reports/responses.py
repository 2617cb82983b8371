"""How long an MQL waited for sales: what the report is drawn from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResponseTime:
    """One MQL."""

    rep: str | None  # id, or name if reports.yaml allows it; None: nobody
    campaign: str | None
    minutes: float | None  # of working time until it was taken and contacted; None: not yet
    cause: str | None  # of the longest part of it
    has_ended: bool = False  # became an SQL, was won or lost without having been taken
    hour: int | None = None  # of the MQL, in the company's zone
    lead_id: int = 0  # with the cycle: which MQL it is
    cycle: int = 1
