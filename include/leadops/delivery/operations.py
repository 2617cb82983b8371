"""The operations of the outbox: what each one means, whichever product carries it out."""

from dataclasses import dataclass

from leadops.errors import PermanentError


@dataclass(frozen=True)
class Operation:
    """One kind of effect in another system.

    An effect that needs the target's id of the lead waits until the id is known and all earlier effects on
    the same lead there are settled, so that the latest one wins.
    """

    #: The answer holds the target's id of the lead.
    gives_id: bool = False
    #: A second call under another key would create a second lead.
    is_creation: bool = False
    #: The call names the lead by the target's own id.
    needs_id: bool = False
    #: It takes the lead away: a system that does not have it has done what was asked.
    removes_lead: bool = False
    #: It is about the lead of the creation before it alone: it waits for that, and goes with it.
    follows_creation: bool = False
    #: A product without a call for it goes without: nobody has to do it by hand.
    is_optional: bool = False
    #: Where the lead is gone and no other one stands for it, nothing is left to do.
    ends_with_lead: bool = False
    #: It adds points to the lead's score, so that a repetition would count twice.
    corrects_score: bool = False
    #: A newer one on the same lead does not replace it: each has its own effect.
    stands_alone: bool = False
    #: The credentials may lack the right for it and have all others: a 403 concerns this operation alone.
    has_own_right: bool = False


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("ma", "upsert_lead"): Operation(gives_id=True),
    ("ma", "set_fields"): Operation(needs_id=True),
    ("ma", "correct_score"): Operation(corrects_score=True),
    ("crm", "create_lead"): Operation(gives_id=True, is_creation=True),
    ("crm", "set_owner"): Operation(needs_id=True),
    ("crm", "withdraw_lead"): Operation(
        needs_id=True, removes_lead=True, follows_creation=True, is_optional=True
    ),
    ("crm", "restore_lead"): Operation(needs_id=True, follows_creation=True, is_optional=True),
    ("ma", "opt_out_lead"): Operation(needs_id=True, is_optional=True, ends_with_lead=True),
    ("ma", "opt_in_lead"): Operation(needs_id=True, is_optional=True, ends_with_lead=True),
    ("crm", "opt_out_lead"): Operation(needs_id=True, is_optional=True, ends_with_lead=True),
    ("crm", "opt_in_lead"): Operation(needs_id=True, is_optional=True, ends_with_lead=True),
    ("ma", "enrol_lead"): Operation(
        needs_id=True, ends_with_lead=True, stands_alone=True, has_own_right=True
    ),
    ("ma", "erase_lead"): Operation(needs_id=True, removes_lead=True),
    ("crm", "erase_lead"): Operation(needs_id=True, removes_lead=True),
    ("bot", "take_over"): Operation(),
}


def find_operation(target: str, operation: str) -> Operation:
    """Return the operation; raise PermanentError if the target has none of that name."""
    try:
        return OPERATIONS[target, operation]
    except KeyError:
        raise PermanentError(f"no operation {operation!r} for target {target!r}") from None


def operations_with_id(target: str) -> list[str]:
    """Return the operations of `target` that need the target's id of the lead."""
    return [
        name for (system, name), operation in OPERATIONS.items() if system == target and operation.needs_id
    ]


def operations_spaced(target: str) -> list[str]:
    """Return the operations of `target` of which two on one lead may disturb each other."""
    return [
        name
        for (system, name), operation in OPERATIONS.items()
        if system == target and operation.stands_alone
    ]


def operations_following(target: str) -> list[str]:
    """Return the operations of `target` that are about the lead of the creation before them alone."""
    return [
        name
        for (system, name), operation in OPERATIONS.items()
        if system == target and operation.follows_creation
    ]


def operations_upserting(target: str) -> list[str]:
    """Return the operations of `target` that make a lead, or find the one that is there."""
    return [
        name
        for (system, name), operation in OPERATIONS.items()
        if system == target and operation.gives_id and not operation.is_creation
    ]
