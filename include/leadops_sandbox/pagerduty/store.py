"""What PagerDuty remembers: its incidents, each with the events that made it."""

from dataclasses import dataclass, field
from typing import Any

from leadops_sandbox.journal import Record


@dataclass(slots=True)
class PagerIncident:
    """One incident: events with one key, from a trigger to a resolve."""

    dedup_key: str
    status: str
    payload: dict[str, Any]
    events: list[dict[str, Any]]

    def show(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "dedup_key": self.dedup_key,
            "status": self.status,
            **self.payload,
            "events": self.events,
        }


@dataclass(slots=True)
class PagerStore:
    """PagerDuty's state; only `apply` changes it."""

    incidents: list[PagerIncident] = field(default_factory=list)
    events: int = 0

    def find_open(self, dedup_key: str) -> PagerIncident | None:
        """Return the incident with this key that is not resolved."""
        for incident in reversed(self.incidents):
            if incident.dedup_key == dedup_key and incident.status != "resolved":
                return incident
        return None

    def apply(self, record: Record) -> None:
        """Take over an event: a key that is open takes it in; one that is not begins with a trigger only."""
        event = record["event"]
        self.events += 1
        noted = {"action": event["event_action"], "at": record["at"]}
        found = self.find_open(event["dedup_key"])
        if found is None:
            if event["event_action"] == "trigger":
                shown = {name: event[name] for name in ("payload", "links", "client") if name in event}
                self.incidents.append(PagerIncident(event["dedup_key"], "triggered", shown, [noted]))
            return
        found.events.append(noted)
        if event["event_action"] != "trigger":
            found.status = f"{event['event_action'].removesuffix('e')}ed"
