import pytest

from leadops.normalization.placeholder_ids import bound_id, is_placeholder_id


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "undefined",
        "N/A",
        "ＮＵＬＬ",
        "guest",
        "Anonymous ",
        "-1",
        "0",
        "0000",
        "xxxx",
        "--",
        "",
        "1111-1111",
        "999999",
        "0.00",
        "00000000-0000-0000-0000-000000000000",
        "[object Object]",
        "aaa",
        "{{user_id}}",
        "{{ user.id }}",
        "${userId}",
        "%USER_ID%",
        "*|UNIQID|*",
        "<%= current_user.id %>",
        "[user_id]",
        "%7B%7Buser_id%7D%7D",
        "<null>",
        "<user_id>",
    ],
)
def test_what_everybody_has_is_nobodys(value: str) -> None:
    assert is_placeholder_id(value)


@pytest.mark.parametrize(
    "value",
    [
        *("7", "22", "11111", "u-1", "10", "abba", "hanako", "00000000-0000-0000-0000-000000000001"),
        *("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "a{b}c", "user[1]", "50%off"),
    ],
)
def test_what_one_has_is_an_id(value: str) -> None:
    assert not is_placeholder_id(value)


def test_long_ids_that_begin_alike_stay_two() -> None:
    one, two = ("x" * 200 + end for end in "ab")
    assert bound_id(one, 200) != bound_id(two, 200)
    assert len(bound_id(one, 200)) == 200
    assert bound_id("x" * 200, 200) == "x" * 200
