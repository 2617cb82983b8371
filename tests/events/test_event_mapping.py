from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leadops.config.load_config import load_file
from leadops.errors import ConfigError
from leadops.events.event_mapping import EventMapping, EventTime, EventValue, nest
from leadops.tabular.file_row import BadRowError

TOUCHES = Path(__file__).parents[2] / "docs" / "mappings" / "attribution_touches.yaml"


def test_the_worked_mapping_makes_touches() -> None:
    mapping = load_file(TOUCHES, EventMapping)
    row = {
        "customer_id": "A000100",
        "time": "2018-07-22T20:40:41Z",
        "interaction": "conversion",
        "conversion": "1",
        "conversion_value": "5.5",
        "channel": "Paid Search",
    }
    assert mapping.history
    assert mapping.make_event(row) == {
        "event": "submit_form",
        "ts": "2018-07-22T20:40:41+00:00",
        "user_id": "A000100",
        "email": "A000100@customers.example",
        "properties": {"channel": "Paid Search", "conversion_value": 5.5},
        "context": {},
    }
    assert mapping.columns == set(row) - {"conversion"}
    with pytest.raises(BadRowError, match="no value for: 'click'"):
        mapping.make_event(row | {"interaction": "click"})


@pytest.mark.parametrize(
    ("value", "row", "found"),
    [
        (EventValue(column="a"), {"a": "x"}, "x"),
        (EventValue(column="a"), {}, None),
        (EventValue(constant=5), {}, 5),
        (EventValue(template="{a}-{b}@x"), {"a": "1", "b": 2}, "1-2@x"),
        (EventValue(template="{a}-{b}@x"), {"a": "1"}, None),
        (EventValue(template="{a.__class__}"), {"a": "1"}, None),
        (EventValue(column="a", type="integer"), {"a": "12"}, 12),
        (EventValue(column="a", type="number"), {"a": "1.5"}, 1.5),
        (EventValue(column="a", type="boolean"), {"a": "No"}, False),
        (EventValue(column="a", type="json"), {"a": '{"b": [1]}'}, {"b": [1]}),
        (EventValue(column="a", values={"1": "2"}, type="integer"), {"a": 1}, 2),
    ],
)
def test_values(value: EventValue, row: dict[str, Any], found: Any) -> None:
    assert value.read(row) == found


@pytest.mark.parametrize(
    ("kind", "cell", "text"),
    [
        ("integer", "1.5", "not an integer"),
        ("number", "inf", "a number that cannot be stored"),
        ("number", "1e400", "a number that cannot be stored"),
        ("boolean", "maybe", "not a boolean"),
        ("json", "{", "not JSON"),
    ],
)
def test_a_cell_that_does_not_convert_says_why(kind: Any, cell: str, text: str) -> None:
    with pytest.raises(BadRowError, match=f"a: {text}"):
        EventValue(column="a", type=kind).read({"a": cell})


@pytest.mark.parametrize(
    ("time", "cell", "found"),
    [
        (EventTime(column="t"), "2026-07-01T09:30:00+09:00", "2026-07-01T00:30:00+00:00"),
        (EventTime(column="t", zone="Asia/Tokyo"), "2026-07-01 09:30:00", "2026-07-01T00:30:00+00:00"),
        (
            EventTime(column="t", time_format="%d-%m-%Y", zone="UTC"),
            "31-05-2018",
            "2018-05-31T00:00:00+00:00",
        ),
        (EventTime(column="t", time_format="unix"), "1530396000", "2018-06-30T22:00:00+00:00"),
        (EventTime(column="t", time_format="unix_ms"), 1530396000500, "2018-06-30T22:00:00.500000+00:00"),
    ],
)
def test_times(time: EventTime, cell: Any, found: str) -> None:
    assert time.read({"t": cell}) == found


@pytest.mark.parametrize(
    ("time", "cell"),
    [
        (EventTime(column="t"), "yesterday"),
        (EventTime(column="t"), "2026-07-01T09:30:00"),
        (EventTime(column="t"), "0001-01-01T00:00:00+23:00"),
        (EventTime(column="t", time_format="unix"), "1e30"),
        (EventTime(column="t", time_format="unix"), "nan"),
        (EventTime(column="t", time_format="%d-%m-%Y", zone="UTC"), "2018-05-31"),
    ],
)
def test_what_is_not_a_time_is_refused(time: EventTime, cell: Any) -> None:
    with pytest.raises(BadRowError):
        time.read({"t": cell})


def test_a_wrong_mapping_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        "event: {constant: page_view}\nts: {column: t, zone: Mars}\nemail: {column: a, constant: b}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_file(path, EventMapping)
    assert f"{path}:2: ts.zone" in str(caught.value)
    assert f"{path}:3: email" in str(caught.value)
    with pytest.raises(ValidationError):
        EventValue()


def test_dotted_keys_nest() -> None:
    assert nest({"a": 1, "context.utm.campaign": "c", "context.page": "/"}) == {
        "a": 1,
        "context": {"utm": {"campaign": "c"}, "page": "/"},
    }
    with pytest.raises(BadRowError):
        nest({"context": "x", "context.page": "/"})
