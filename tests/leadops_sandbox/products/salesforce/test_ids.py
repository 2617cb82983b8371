"""Record ids, against examples that Salesforce's own documentation and its users have published."""

import pytest

from leadops_sandbox.products.salesforce.ids import make_id, read_id


@pytest.mark.parametrize(
    ("short", "full"),
    # The check: capitals of each five letters, lowest bit first.
    [("001D000000IqhSL", "001D000000IqhSLIAZ"), ("001A0000006Vm9r", "001A0000006Vm9rIAC")],
)
def test_published_ids_have_our_check(short: str, full: str) -> None:
    assert read_id(short) == read_id(full) is not None
    assert read_id(full[:-1] + ("A" if full[-1] != "A" else "B")) is None


def test_an_id_is_read_back_and_sorts_as_its_number() -> None:
    ids = [make_id("Lead", number) for number in (0, 1, 61, 62, 48_211, 10**9)]
    assert ids == sorted(ids)
    assert [read_id(one) for one in ids] == [("Lead", number) for number in (0, 1, 61, 62, 48_211, 10**9)]
    assert read_id("00Q") is read_id("00Q00000000000!") is read_id(None) is None
