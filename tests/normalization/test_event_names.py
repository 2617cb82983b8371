import pytest

from leadops.normalization.event_names import fold_name


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("URL2Opened", "url2_opened"),
        ("__a--b..c  D__", "a_b_c_d"),
        ("!", ""),
    ],
)
def test_words_are_joined_by_one_underscore(name: str, folded: str) -> None:
    assert fold_name(name) == folded
    assert fold_name(folded) == folded
