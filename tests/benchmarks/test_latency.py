from hypothesis import given
from hypothesis import strategies as st

from benchmarks.latency import pick_moments


@given(st.integers(0, 300), st.integers())
def test_moments_are_in_order_and_all_different(count: int, seed: int) -> None:
    moments = pick_moments(count, seconds=360, seed=seed)

    assert moments == sorted(set(moments))
    assert len(moments) == count
    assert all(0 <= moment <= 360 for moment in moments)
    assert moments == pick_moments(count, seconds=360, seed=seed)


def test_every_second_of_a_minute_is_about_as_likely() -> None:
    thirds = [int(moment % 60 // 20) for moment in pick_moments(300, seconds=360)]

    assert min(thirds.count(third) for third in range(3)) > 70
