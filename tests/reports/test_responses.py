from leadops.reports.responses import ENDED

from .conftest import respond


def test_those_answered_come_first_then_those_that_ended_then_those_that_wait() -> None:
    responses = respond(("a", "x", None), ("b", None, ENDED), ("a", None, 30), (None, "x", 10))
    assert responses.minutes.tolist()[:3] == [10, 30, ENDED]
    named = {
        dimension: [column.names[code] for code in column.codes]
        for dimension, column in responses.columns.items()
    }
    assert named == {"rep": [None, "a", "b", "a"], "campaign": ["x", None, None, "x"], "hour": ["9"] * 4}


def test_more_names_than_a_byte_has_values() -> None:
    responses = respond(*((f"rep-{number}", None, number) for number in range(300)))
    column = responses.columns["rep"]
    assert [column.names[code] for code in column.codes] == [f"rep-{number}" for number in range(300)]
