from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.answers import RefusedError
from leadops_sandbox.journal import Place
from leadops_sandbox.ma.scores import check_updates, judge_updates
from leadops_sandbox.ma.store import FIRST_ID, ID_STEP, MaStore

LEADS = [FIRST_ID, FIRST_ID + ID_STEP]
UPDATES = st.fixed_dictionaries(
    {
        "deltaId": st.sampled_from([f"d{n}" for n in range(12)]),
        "leadId": st.sampled_from([*LEADS, 1]),
        "delta": st.integers(-20, 20),
        "reason": st.just("r"),
    }
)


def store_with_leads() -> MaStore:
    store = MaStore()
    for number in range(len(LEADS)):
        record = {"kind": "ma.lead", "at": "2026-07-01T00:00:00+00:00", "key": None, "digest": None}
        body = {"email": f"{number}@a.example"}
        store.apply(record | {"body": body, "answer": {"leadId": store.next_id()}}, Place(0, 0))
    return store


@given(st.lists(st.lists(UPDATES, max_size=8), max_size=6))
def test_every_delta_counts_once_and_scores_are_their_sum(batches: list[list[dict[str, Any]]]) -> None:
    store = store_with_leads()
    counted: dict[str, dict[str, Any]] = {}
    for updates in batches:
        results = judge_updates(store, updates)
        for update, result in zip(updates, results, strict=True):
            known = update["leadId"] in LEADS
            expected = (
                "not_found" if not known else "duplicate" if update["deltaId"] in counted else "applied"
            )
            assert (result["deltaId"], result["status"]) == (update["deltaId"], expected)
            if expected == "applied":
                counted[update["deltaId"]] = update
        record = {"kind": "ma.scores", "at": "2026-07-01T00:00:00+00:00", "key": None, "digest": None}
        store.apply(record | {"body": {"updates": updates}, "answer": {"results": results}}, Place(0, 0))
    for lead in LEADS:
        total = sum(update["delta"] for update in counted.values() if update["leadId"] == lead)
        assert store.leads[lead].score == total
    assert store.sum_of_scores == sum(lead.score for lead in store.leads.values())
    assert store.deltas_applied == len(counted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"leadId": True},
        {"leadId": "12"},
        {"delta": 1.5},
        {"delta": None},
        {"deltaId": ""},
        {"deltaId": 7},
        {"reason": None},
    ],
)
def test_a_malformed_row_refuses_the_whole_call_and_is_named(wrong: dict[str, Any]) -> None:
    good = {"deltaId": "d", "leadId": 1, "delta": 1, "reason": "r"}
    with pytest.raises(RefusedError, match=r"updates\[1\]") as refused:
        check_updates([good, good | wrong])
    assert refused.value.status == 422


def test_a_call_holds_at_most_a_thousand() -> None:
    good = {"deltaId": "d", "leadId": 1, "delta": 1, "reason": "r"}
    assert len(check_updates([good] * 1000)) == 1000
    with pytest.raises(RefusedError) as refused:
        check_updates([good] * 1001)
    assert refused.value.status == 413


def test_a_fault_can_refuse_rows_of_known_leads() -> None:
    dice = iter([True, False])
    updates = [{"deltaId": f"d{n}", "leadId": LEADS[0], "delta": 1, "reason": "r"} for n in range(2)]
    results = judge_updates(store_with_leads(), updates, reject=lambda: next(dice))
    assert [result["status"] for result in results] == ["rejected", "applied"]
    assert results[0]["error"]
