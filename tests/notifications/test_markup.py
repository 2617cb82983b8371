from leadops.notifications.markup import escape


def test_text_from_outside_calls_nobody_and_hides_nothing() -> None:
    assert escape("<!channel> a & b") == "&lt;!channel&gt; a &amp; b"
    assert escape("<@U1>\u202egnp.exe\x1b[2J") == r"&lt;@U1&gt;\u202egnp.exe\x1b[2J"


def test_lines_stay_lines() -> None:
    assert escape("営業\nsales") == "営業\nsales"
