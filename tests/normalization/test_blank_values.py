from typing import Any

import pytest

from leadops.normalization.blank_values import is_blank


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "\u3000",
        "\u3164",
        "\u200b",
        "-",
        "--",
        "ー",
        "−",
        "…",
        ".",
        "N/A",
        "n/a ",
        "Ｎ／Ａ",
        "null",
        "NONE",
        "undefined",
        "不明",
        "なし",
        "(not set)",
        "<not set>",
        "(null)",
        "<null>",
        "#N/A",
        "n/a.",
        "（なし）",
        "なし。",
        "-- Select --",
        "Please select...",
        "選択してください",
        "[object Object]",
        [],
        {},
    ],
)
def test_nothing_is_said(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize(
    "value",
    [
        0,
        False,
        0.0,
        "0",
        "NA",
        "JP",
        "Select",
        "empty",
        "なしの",
        "none of these",
        "無限",
        "Nonesuch",
        "\U0001f44d",
        "C++",
        ["a"],
    ],
)
def test_something_is_said(value: Any) -> None:
    assert not is_blank(value)
