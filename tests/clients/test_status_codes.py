"""The table of statuses against the lists of the RFCs, copied by hand."""

import pytest

from leadops.clients.status_codes import STATUS_RULES, Action, find_status_rule

#: RFC 9110, 15.2 to 15.6.
RFC_9110 = {
    *(100, 101),
    *(200, 201, 202, 203, 204, 205, 206),
    *(300, 301, 302, 303, 304, 305, 306, 307, 308),
    *(
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        407,
        408,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        416,
        417,
        418,
        421,
        422,
    ),
    426,
    *(500, 501, 502, 503, 504, 505),
}
RFC_6585 = {428, 429, 431, 511}
RFC_8470 = {425}
IDEMPOTENCY_KEY_DRAFT = {400, 409, 422}


def test_every_code_of_the_standards_has_its_line_and_reason() -> None:
    assert set(STATUS_RULES) == RFC_9110 | RFC_6585 | RFC_8470 | IDEMPOTENCY_KEY_DRAFT
    assert all(rule.reason for rule in STATUS_RULES.values())


@pytest.mark.parametrize(
    ("action", "statuses"),
    [
        (Action.DONE, [200, 201, 202, 203, 204, 205, 299]),
        (Action.AGAIN, [421]),
        (Action.WAIT, [401, 402, 403, 407, 409, 425, 429, 511]),
        (Action.READ_BACK, [100, 101, 199, 206, 302, 303, 308, 399, 408, 500, 502, 503, 504, 599, 0, 700]),
        (Action.DEAD, [400, 404, 405, 410, 413, 415, 418, 422, 423, 426, 428, 431, 451, 499, 501, 505]),
    ],
)
def test_what_each_status_leads_to(action: Action, statuses: list[int]) -> None:
    assert {status: find_status_rule(status).action for status in statuses} == dict.fromkeys(statuses, action)


def test_which_refusals_a_smaller_call_may_not_meet() -> None:
    assert [status for status, rule in STATUS_RULES.items() if rule.is_splittable] == [400, 413, 422]
