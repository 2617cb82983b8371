"""Mutants of SQL, by hand."""

import pytest

from tests.mutants.sql_mutants import make_mutants


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("select 1 where 2 < %(a)s", ["- WHERE 2 < %(a)s", "- WHERE 2 < %(a)s\n+ WHERE 2 <= %(a)s"]),
        ("select a from t order by a, b desc", ["a DESC,", "b ASC"]),
        ("select min(a), least(a, 1) from t", ["max(a)", "GREATEST(a,"]),
        ("select coalesce(a, 0) from t", ["COALESCE(a)"]),
        ("select percentile_cont(0.5) within group (order by a) from t", ["0.60", "a DESC"]),
        ("select percentile_cont(0.9) within group (order by a) from t", ["0.85", "a DESC"]),
        (
            "select a from t where a is null and not b",
            ["WHERE NOT b", "- AND NOT b", "IS NOT", "AND (b)"],
        ),
        ("select 'no mutant', %(a)s::int", []),
        ("this is no SQL", []),
    ],
)
def test_each_change_by_hand(statement: str, changes: list[str]) -> None:
    made = [change for _, change in make_mutants(statement)]
    assert len(made) == len(changes)
    for expected in changes:
        assert any(change.startswith(expected) or expected in change for change in made), (expected, made)


def test_parameters_and_percent_signs_stay_as_psycopg_takes_them() -> None:
    statement = "select a from t where b like '%%x' and c > %(c)s::int and d = %(c)s::int"
    made = [text for text, _ in make_mutants(statement)]
    assert len(made) == 4
    assert all("LIKE '%%x'" in text for text in made[1:])
    assert "%(c)s" in made[0]
    assert "$1" not in "".join(made)
