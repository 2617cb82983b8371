from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import leadops_sandbox.products
from leadops_sandbox.products.feed import is_late, visible_at
from leadops_sandbox.products.registry import UnknownProductError, find_face, list_stand_ins
from leadops_sandbox.products.table import fill_in, read_table

FOLDER = Path(leadops_sandbox.products.__path__[0])
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def test_the_share_of_late_changes_is_about_what_is_set_and_the_same_at_each_read() -> None:
    keys = [str(number) for number in range(4_000)]
    late = [key for key in keys if is_late(key, NOON, share=0.25)]
    assert 850 < len(late) < 1_150
    assert late == [key for key in keys if is_late(key, NOON, share=0.25)]
    assert not any(is_late(key, NOON, share=0) for key in keys)
    assert all(is_late(key, NOON, share=1) for key in keys)


def test_a_late_change_waits_for_both() -> None:
    table = read_table(FOLDER / "hubspot" / "hubspot.yaml")
    settings_type = find_face("hubspot").settings_type
    changed = {"feed_lag_seconds": 5, "feed_late_seconds": 90}
    prompt = settings_type.model_validate(table.settings | changed | {"feed_late_share": 0})
    late = settings_type.model_validate(table.settings | changed | {"feed_late_share": 1})
    assert visible_at("1", NOON, prompt) == NOON + timedelta(seconds=5)
    assert visible_at("1", NOON, late) == NOON + timedelta(seconds=95)


@pytest.mark.parametrize("name", list_stand_ins())
def test_each_table_fits_its_product_and_has_the_generic_faults(name: str) -> None:
    table = read_table(FOLDER / name / f"{name}.yaml")
    find_face(name).settings_type.model_validate(table.settings)
    assert find_face(name).name == name
    assert {"429", "500"} <= table.kinds
    names = [*table.calls, *table.rows, *table.manners]
    assert len(names) == len(set(names))


def test_a_name_that_no_product_has_is_refused() -> None:
    with pytest.raises(UnknownProductError, match="no product is called 'sugar'"):
        find_face("sugar")


def test_a_body_is_filled_in_at_any_depth() -> None:
    body = {"a": ["$id", {"b": "$id"}], "c": "$other", "d": 1}
    assert fill_in(body, {"id": "7"}) == {"a": ["7", {"b": "7"}], "c": "$other", "d": 1}
