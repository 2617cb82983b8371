"""The operations of the outbox as HTTP calls: the route, and what the answer holds."""

from dataclasses import dataclass

from leadops.errors import PermanentError


@dataclass(frozen=True)
class Operation:
    """One kind of effect: its route and the id that the answer holds.

    {external_id} in the route is the target's id of the lead. Such an effect waits until the id is known and
    all earlier effects on the same lead there are settled, so that the latest one wins.
    """

    method: str
    path: str
    #: The field of the answer that holds the target's id of the lead.
    answer_id: str | None = None
    #: An id that is not an integer makes the answer incomplete.
    has_integer_id: bool = False
    #: The target itself makes a repetition harmless (an upsert), so its key memory does not matter.
    repeatable: bool = False
    #: It takes the lead away: a system that does not have it has done what was asked.
    removes_lead: bool = False
    #: A 2xx answer may say {"status": "rejected", "error": …}: the effect did not take place.
    may_reject: bool = False

    @property
    def is_creation(self) -> bool:
        """Whether a second call under another key would create a second lead."""
        return self.answer_id is not None and not self.repeatable

    @property
    def needs_id(self) -> bool:
        """Whether the route names the lead by the target's own id."""
        return "{external_id}" in self.path


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("ma", "upsert_lead"): Operation(
        "POST", "/api/leads", answer_id="leadId", has_integer_id=True, repeatable=True
    ),
    ("ma", "set_fields"): Operation("PATCH", "/api/leads/{external_id}", repeatable=True),
    ("ma", "correct_score"): Operation("POST", "/api/lead/score", may_reject=True),
    ("crm", "create_lead"): Operation("POST", "/v1/leads", answer_id="id"),
    ("crm", "set_owner"): Operation("PATCH", "/v1/leads/{external_id}", repeatable=True),
    ("ma", "erase_lead"): Operation("DELETE", "/api/leads/{external_id}", repeatable=True, removes_lead=True),
    ("crm", "erase_lead"): Operation("DELETE", "/v1/leads/{external_id}", repeatable=True, removes_lead=True),
    ("bot", "take_over"): Operation("POST", "/v1/conversations"),
}


def find_operation(target: str, operation: str) -> Operation:
    """Return the operation; raise PermanentError if the target has none of that name."""
    try:
        return OPERATIONS[target, operation]
    except KeyError:
        raise PermanentError(f"no operation {operation!r} for target {target!r}") from None


def operations_with_id(target: str) -> list[str]:
    """Return the operations of `target` whose route needs the target's id of the lead."""
    return [
        name for (system, name), operation in OPERATIONS.items() if system == target and operation.needs_id
    ]
