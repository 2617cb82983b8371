"""No personal data on its way to the chat."""

import pytest

from leadops.mask import mask_text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("refused: jane.doe+x@mail.example.co.jp, gone", "refused: [e-mail], gone"),
        ("Key (email)=(a@b.example) already exists.", "Key (email)=([e-mail]) already exists."),
        ("<mailto:a@b.example>", "<mailto:[e-mail]>"),
        ("first line\nsecret second line", "first line"),
        ("\n\n  after blank lines ", "after blank lines"),
        ("山田@例え.jp さん", "[e-mail] さん"),
        ("", ""),
        (None, "None"),
    ],
)
def test_addresses_are_masked_and_only_the_first_line_is_kept(text, masked):
    assert mask_text(text) == masked


def test_long_texts_are_cut():
    assert mask_text("x" * 500, longest=10) == "xxxxxxxxx…"
