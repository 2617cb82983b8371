from leadops.attribution.names import choose_name, keep_top, key_names


def test_a_name_is_found_in_any_case_and_others_are_their_keys() -> None:
    names = key_names({"CPC": "Paid Search"}, fold_case=True)
    assert choose_name(["cpc"], names, fold_case=True) == "paid search"
    assert choose_name(["\uff23\uff30\uff23 "], names, fold_case=True) == "paid search"
    assert choose_name(["Facebook"], names, fold_case=True) == "facebook"


def test_case_can_matter() -> None:
    names = key_names({"CPC": "Paid Search"}, fold_case=False)
    assert choose_name(["CPC"], names, fold_case=False) == "Paid Search"
    assert choose_name(["cpc"], names, fold_case=False) == "cpc"


def test_the_first_address_that_names_something_counts() -> None:
    for nothing in ("", " ", "(not set)", "{{campaign.name}}", "N/A"):
        assert choose_name([nothing, "spring"], {}, fold_case=True) == "spring"


def test_nobody_can_send_a_name_that_only_we_give() -> None:
    for name in ("(other)", "(all)", "(unnamed)", "(ALL)"):
        assert choose_name([name], {}, fold_case=True) == "(unnamed)"
    for names in ([], [""], ["(none)"]):
        assert choose_name(names, {}, fold_case=True) is None


def test_a_long_name_is_cut_and_stays_another() -> None:
    first, second = (str(choose_name(["x" * 2700 + end], {}, fold_case=True)) for end in "ab")
    assert (len(first), len(second), first == second) == (100, 100, False)


def test_only_the_most_frequent_are_told_apart() -> None:
    counts = {"a": 5, "c": 1, "b": 1, "d": 7}
    assert keep_top(counts, 3) == {"d": "d", "a": "a", "b": "b", "c": "(other)"}
    assert keep_top(counts, 9) == {name: name for name in counts}
