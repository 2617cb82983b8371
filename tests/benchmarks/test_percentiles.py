import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.percentiles import percentile

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)
SHARES = st.floats(0.01, 1.0)


def test_of_twenty_samples_the_p95_is_the_nineteenth() -> None:
    assert percentile(range(20, 0, -1), 0.95) == 19


@given(SAMPLES, SHARES)
def test_it_is_the_smallest_sample_that_covers_the_share(samples: list[float], share: float) -> None:
    found = percentile(samples, share)

    assert found in samples
    assert sum(each <= found for each in samples) >= share * len(samples)
    assert sum(each < found for each in samples) < share * len(samples)


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_what_has_no_percentile_is_refused(samples: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"sample|share"):
        percentile(samples, share)
