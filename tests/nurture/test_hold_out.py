"""Who is held out: the same people in every run, more of them at a larger share, others in each programme."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from leadops.nurture.hold_out import draw_hold_out, is_held_out

KEY = bytes.fromhex("0123456789abcdef0123456789abcdef")

leads = st.integers(1, 2**40)
shares = st.floats(0, 1)


def test_the_draw_of_a_lead_never_changes() -> None:
    # By openssl: HMAC-SHA256 of "pricing_page", a zero byte and "7"; its first 53 bits as a part of 1.
    digest = hmac.new(KEY, b"pricing_page\x007", hashlib.sha256).hexdigest()
    assert digest.startswith("b93f92cc0497ae33")
    assert draw_hold_out(KEY, "pricing_page", 7) == int(digest[:16], 16) // 2048 / 2**53
    assert round(draw_hold_out(KEY, "pricing_page", 7), 6) == 0.723626


@given(lead=leads, small=shares, large=shares)
def test_whoever_is_held_out_also_is_at_a_larger_share(lead: int, small: float, large: float) -> None:
    small, large = sorted((small, large))
    assert is_held_out(KEY, "webinar", lead, share=small) <= is_held_out(KEY, "webinar", lead, share=large)


@given(lead=leads)
def test_no_share_holds_nobody_and_the_whole_share_everybody(lead: int) -> None:
    assert not is_held_out(KEY, "webinar", lead, share=0)
    assert is_held_out(KEY, "webinar", lead, share=1)


def test_the_share_is_held_out_and_programmes_and_keys_are_independent() -> None:
    people = range(1, 20_001)
    here = {lead for lead in people if is_held_out(KEY, "pricing_page", lead, share=0.1)}
    there = {lead for lead in people if is_held_out(KEY, "webinar", lead, share=0.1)}
    other_key = {lead for lead in people if is_held_out(b"another", "pricing_page", lead, share=0.1)}
    # 2,000 of 20,000 with a standard deviation of 42; 200 in both with one of 14.
    assert abs(len(here) - 2000) < 3 * 42
    assert abs(len(here & there) - 200) < 3 * 14
    assert abs(len(here & other_key) - 200) < 3 * 14
    # Neighbours in the order of their numbers are no more alike than others.
    assert abs(sum(lead + 1 in here for lead in here) - 200) < 3 * 14
