"""What each HTTP status says about a call: one line for each code, with its reason.

The codes are those of RFC 9110 (HTTP), RFC 6585 (428, 429, 431, 511), RFC 8470 (425) and the draft of the
Idempotency-Key header (400, 409, 422). A code that is not listed has the rule of its class.
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What to do about a call that ended in a status."""

    #: The call took effect, as far as its body says so.
    DONE = "done"
    #: It certainly had no effect: make the same call again after a back-off.
    AGAIN = "again"
    #: The other side, or somebody who administers it, needs time: make the same call again after the pause.
    WAIT = "wait"
    #: It may have taken effect: make the same call again while its key is remembered, then look.
    READ_BACK = "read back"
    #: It had no effect, and the same call will be refused again.
    DEAD = "dead"


@dataclass(frozen=True)
class StatusRule:
    """What to do about a status, and why.

    `concerns_us`: our credentials, our account or our way to the target are refused, so every call is;
    `is_splittable`: a smaller call, or one without the faulty row, may be accepted.
    """

    action: Action
    reason: str
    concerns_us: bool = False
    is_splittable: bool = False


def _wait_for_us(reason: str) -> StatusRule:
    return StatusRule(Action.WAIT, reason, concerns_us=True)


def _dead(reason: str, *, is_splittable: bool = False) -> StatusRule:
    return StatusRule(Action.DEAD, reason, is_splittable=is_splittable)


_REDIRECT = StatusRule(
    Action.READ_BACK, "redirects are not followed: a login page or a proxy may have answered, before or after"
)

STATUS_RULES: dict[int, StatusRule] = {
    100: StatusRule(Action.READ_BACK, "an interim answer: the final one is missing"),
    101: StatusRule(Action.READ_BACK, "a change of protocol that nobody asked for: the answer is missing"),
    200: StatusRule(Action.DONE, "taken; the body says what of it"),
    201: StatusRule(Action.DONE, "created"),
    202: StatusRule(Action.DONE, "accepted; the body says what of it"),
    203: StatusRule(Action.DONE, "taken; a proxy changed the answer, whose shape is checked all the same"),
    204: StatusRule(Action.DONE, "taken, without a body"),
    205: StatusRule(Action.DONE, "taken, without a body"),
    206: StatusRule(Action.READ_BACK, "a part of an answer, which nobody asked for"),
    300: _REDIRECT,
    301: _REDIRECT,
    302: _REDIRECT,
    303: _REDIRECT,
    304: _REDIRECT,
    305: _REDIRECT,
    306: _REDIRECT,
    307: _REDIRECT,
    308: _REDIRECT,
    400: _dead("malformed, or a route that demands a key got none", is_splittable=True),
    401: _wait_for_us("our credentials are missing or wrong"),
    402: _wait_for_us("the account has to be paid"),
    403: _wait_for_us("our credentials do not allow it"),
    404: _dead("what the call names does not exist"),
    405: _dead("the route does not take this method"),
    406: _dead("the target cannot answer in JSON"),
    407: _wait_for_us("a proxy demands credentials"),
    408: StatusRule(Action.READ_BACK, "the target gave up on the call: how much it read is unknown"),
    409: StatusRule(Action.WAIT, "the first call with this key is still in progress, or a conflict"),
    410: _dead("what the call names is gone for good"),
    411: _dead("the target demands a length"),
    412: _dead("a condition that the call does not set has failed"),
    413: _dead("too large; with Retry-After it is a wait", is_splittable=True),
    414: _dead("the address is too long"),
    415: _dead("the target does not take JSON here"),
    416: _dead("a range that the call does not ask for"),
    417: _dead("an expectation that the call does not set"),
    418: _dead("unused"),
    421: StatusRule(Action.AGAIN, "a server got the call that does not answer for this host"),
    422: _dead("the content is not valid, or the key belongs to another body", is_splittable=True),
    425: StatusRule(Action.WAIT, "too early: the target does not risk a replay, and did nothing"),
    426: _dead("the target demands another protocol"),
    428: _dead("the target demands a condition"),
    429: StatusRule(Action.WAIT, "too many calls"),
    431: _dead("the header fields are too large"),
    500: StatusRule(Action.READ_BACK, "the target failed, before or after the effect"),
    501: _dead("the target does not have this function"),
    502: StatusRule(Action.READ_BACK, "a gateway got no valid answer from the target"),
    503: StatusRule(Action.READ_BACK, "overloaded or under maintenance; with Retry-After all calls wait"),
    504: StatusRule(Action.READ_BACK, "a gateway got no answer from the target in time"),
    505: _dead("the target does not speak this version of HTTP"),
    511: _wait_for_us("a network demands a login before it lets us through"),
}

_CLASS_RULES = {
    2: StatusRule(Action.DONE, "taken; the body says what of it"),
    4: _dead("refused"),
}
_UNKNOWN_RULE = StatusRule(Action.READ_BACK, "the status does not say whether the call took effect")


def find_status_rule(status: int) -> StatusRule:
    """Return the rule of an HTTP status; of its class where the code is not listed (RFC 9110, 15)."""
    return STATUS_RULES.get(status) or _CLASS_RULES.get(status // 100, _UNKNOWN_RULE)
