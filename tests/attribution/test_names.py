from leadops.attribution.names import keep_top, normalise_name


def test_a_name_is_found_in_any_case_and_others_stay() -> None:
    assert normalise_name("CPC", {"cpc": "paid search"}) == "paid search"
    assert normalise_name("Facebook", {"cpc": "paid search"}) == "Facebook"


def test_nobody_can_send_a_name_that_only_we_give() -> None:
    for name in (None, "", "(none)", "(other)", "(all)", "(unnamed)"):
        assert normalise_name(name, {}) == "(unnamed)"


def test_only_the_most_frequent_are_told_apart() -> None:
    counts = {"a": 5, "c": 1, "b": 1, "d": 7}
    assert keep_top(counts, 3) == {"d": "d", "a": "a", "b": "b", "c": "(other)"}
    assert keep_top(counts, 9) == {name: name for name in counts}
