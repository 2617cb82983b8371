"""Knocks at the gateway's doors as a server does: an event with the write key, a signed form."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from leadops.canary.visits import Visit
from leadops.clients.call_outcomes import Answered, Outcome
from leadops.clients.transport import Transport
from leadops.errors import ConfigError
from leadops.events.canaries import VISIT
from leadops.intake.signature import sign
from leadops.mask import remember_secrets
from leadops.secret_variables import split_secrets
from leadops.settings import Endpoint


@dataclass(frozen=True)
class GatewayDoors:
    """Where the gateway is, and by what it knows a server and a sender of forms."""

    endpoint: Endpoint
    write_key: str = field(repr=False)
    form_secret: str = field(repr=False)


def read_gateway(endpoint: Endpoint) -> GatewayDoors:
    """Return the gateway of the connection leadops_canary: password and `form_secret` of its extra.

    Of two secrets, separated by a comma, the first is taken. Raises ConfigError where one is missing.
    """
    write_key = next(iter(split_secrets(endpoint.token)), "")
    form_secret = next(iter(split_secrets(str(endpoint.extra.get("form_secret") or ""))), "")
    if not write_key or not form_secret:
        raise ConfigError(
            "the connection leadops_canary needs the gateway's write key as its password, and the secret of"
            " forms as form_secret of its extra; see docs/canary.md"
        )
    remember_secrets([write_key, form_secret])
    return GatewayDoors(endpoint.model_copy(update={"token": ""}), write_key, form_secret)


def knock(gateway: GatewayDoors, door: str, visit: Visit, *, now: datetime) -> str | None:
    """Send the visit's event or form; return None once it is kept, else why not, in one line.

    A repetition is known again by its id.
    """
    transport = Transport(gateway.endpoint)
    try:
        if door == "collect":
            return _read(_send_event(transport, gateway, visit))
        return _read(_send_form(transport, gateway, visit, now=now))
    finally:
        transport.close()


def _send_event(transport: Transport, gateway: GatewayDoors, visit: Visit) -> Outcome:
    event = {
        "event_id": visit.event_id,
        "event": VISIT,
        "ts": visit.started_at.isoformat(timespec="milliseconds"),
        "email": visit.email,
    }
    return transport.send(
        "POST", "/collect", body=json.dumps(event).encode(), headers={"X-Write-Key": gateway.write_key}
    )


def _send_form(transport: Transport, gateway: GatewayDoors, visit: Visit, *, now: datetime) -> Outcome:
    form = {
        "submission_id": visit.form_id,
        "email": visit.email,
        "form": "leadops canary",
        "ts": visit.started_at.isoformat(timespec="milliseconds"),
        "properties": {"first_name": "leadops", "last_name": "canary", "company": "leadops canary"},
    }
    body, timestamp = json.dumps(form).encode(), str(int(now.timestamp()))
    return transport.send(
        "POST",
        "/webhook/form",
        body=body,
        headers={"X-Timestamp": timestamp, "X-Signature": sign(gateway.form_secret, timestamp, body)},
    )


def _read(outcome: Outcome) -> str | None:
    if not isinstance(outcome, Answered):
        return outcome.reason
    quarantined = outcome.body.get("quarantined") if isinstance(outcome.body, dict) else None
    if quarantined:
        first = quarantined[0] if isinstance(quarantined, list) else quarantined
        return f"kept in quarantine: {first.get('reason')}"
    return None
