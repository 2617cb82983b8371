"""What an effect of the outbox means on the wire: route, key, and what its answer tells."""

from dataclasses import dataclass

from leadops.errors import PermanentError


@dataclass(frozen=True)
class Operation:
    """One kind of effect: its route ({…} is filled from the payload) and the id that the answer holds."""

    method: str
    path: str
    answer_id: str | None = None
    #: The target itself makes a repeat harmless for ever (an upsert), so its key memory does not matter.
    repeatable: bool = False


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("ma", "upsert_lead"): Operation("POST", "/api/leads", answer_id="leadId", repeatable=True),
    ("crm", "create_lead"): Operation("POST", "/v1/leads", answer_id="id"),
}


def find_operation(target: str, operation: str) -> Operation:
    """Return the operation; raise PermanentError when leadops knows none of that name."""
    try:
        return OPERATIONS[target, operation]
    except KeyError:
        raise PermanentError(f"no operation {operation!r} for target {target!r}") from None
