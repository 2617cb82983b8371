from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.ma.store import FIRST_ID, ID_STEP, Lead, MaStore


@given(st.integers(0, 30), st.integers(0, FIRST_ID + 31 * ID_STEP), st.integers(1, 40))
def test_a_page_holds_the_first_leads_after_any_id(count: int, after: int, limit: int) -> None:
    store = MaStore()
    for _ in range(count):
        store.leads[store.next_id()] = Lead(store.next_id(), "x@a.example")
    expected = [lead for number, lead in store.leads.items() if number > after][:limit]
    assert store.leads_after(after, limit) == expected
