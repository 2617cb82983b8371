import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.gateway.rate_limiter import RateLimiter


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    ticks = Ticks()
    limiter = RateLimiter(rate=2, burst=4, max_addresses=10, clock=ticks)
    for _ in range(4):
        assert limiter.admit("a") == 0
        limiter.charge("a", 1)
    assert limiter.admit("a") == pytest.approx(0.5)
    assert limiter.admit("b") == 0
    ticks.now += 0.5
    assert limiter.admit("a") == 0
    ticks.now += 0.25  # one and a half token
    assert limiter.admit("a") == 0


def test_however_long_an_address_is_silent_it_may_send_no_more_than_the_burst() -> None:
    ticks = Ticks()
    limiter = RateLimiter(rate=2, burst=4, max_addresses=10, clock=ticks)
    limiter.charge("a", 1)
    ticks.now += 3600
    limiter.charge("a", 4)
    assert limiter.admit("a") == pytest.approx(0.5)


def test_a_large_batch_leaves_a_debt() -> None:
    ticks = Ticks()
    limiter = RateLimiter(rate=10, burst=5, max_addresses=10, clock=ticks)
    limiter.charge("a", 105)
    assert limiter.admit("a") == pytest.approx(10.1)
    ticks.now += 10.2
    assert limiter.admit("a") == 0


def test_memory_is_bounded_and_the_longest_unseen_goes() -> None:
    limiter = RateLimiter(rate=1, burst=1, max_addresses=3, clock=Ticks())
    for address in "abcad":
        limiter.charge(address, 1)
    assert len(limiter) == 3
    assert limiter.admit("b") == 0
    assert limiter.admit("a") > 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20)), max_size=40))
def test_nobody_sends_more_than_burst_rate_and_one_batch(calls: list[tuple[float, int]]) -> None:
    ticks = Ticks()
    limiter = RateLimiter(rate=3, burst=10, max_addresses=10, clock=ticks)
    sent = 0
    for pause, events in calls:
        ticks.now += pause
        if limiter.admit("a") == 0:
            limiter.charge("a", events)
            sent += events
    assert sent <= 10 + 3 * ticks.now + 20 + 1e-6
