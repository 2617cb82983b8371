"""What an effect of the outbox means on the wire: route, key, and what its answer tells."""

from dataclasses import dataclass

from leadops.errors import PermanentError


@dataclass(frozen=True)
class Operation:
    """One kind of effect: its route and the id that the answer holds.

    {external_id} in the route is what the target calls the lead. Such an effect waits until that id is known
    and until all that was wanted earlier for the same lead there is settled, so that the last wish wins.
    """

    method: str
    path: str
    answer_id: str | None = None
    #: The target itself makes a repeat harmless for ever (an upsert), so its key memory does not matter.
    repeatable: bool = False
    #: A 2xx answer may still say {"status": "rejected", "error": …}: the effect did not take place.
    may_reject: bool = False

    @property
    def needs_id(self) -> bool:
        """Whether the route names the lead by the target's own id."""
        return "{external_id}" in self.path


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("ma", "upsert_lead"): Operation("POST", "/api/leads", answer_id="leadId", repeatable=True),
    ("ma", "set_fields"): Operation("PATCH", "/api/leads/{external_id}", repeatable=True),
    ("ma", "correct_score"): Operation("POST", "/api/lead/score", may_reject=True),
    ("crm", "create_lead"): Operation("POST", "/v1/leads", answer_id="id"),
    ("crm", "set_owner"): Operation("PATCH", "/v1/leads/{external_id}", repeatable=True),
    ("bot", "take_over"): Operation("POST", "/v1/conversations"),
}


def find_operation(target: str, operation: str) -> Operation:
    """Return the operation; raise PermanentError when leadops knows none of that name."""
    try:
        return OPERATIONS[target, operation]
    except KeyError:
        raise PermanentError(f"no operation {operation!r} for target {target!r}") from None


def operations_with_id(target: str) -> list[str]:
    """Return the operations of `target` whose route needs the target's id of the lead."""
    return [
        name for (system, name), operation in OPERATIONS.items() if system == target and operation.needs_id
    ]
