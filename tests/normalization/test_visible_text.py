import pytest

from leadops.normalization.visible_text import show_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\u202egpj", r"\u202egpj"),
        ("a\nb\0", r"a\x0ab\x00"),
        ("\ud83d", r"\ud83d"),
        ("夏 [/summer]", "夏 [/summer]"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert show_text(text) == shown
