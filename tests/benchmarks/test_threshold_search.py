import pytest

from benchmarks.threshold_search import check, make_leads, make_objective, tune
from leadops.thresholds.threshold_search import find_best


def test_both_ways_look_for_the_same() -> None:
    leads, objective = make_leads(20_000), make_objective(20_000)
    best = find_best(leads.scores, leads.became_sql, objective)
    tuned = tune(leads, objective)
    check(best, tuned, leads, objective)
    assert best.value == pytest.approx(tuned.best_score_, rel=0.01)
    assert best.score == pytest.approx(tuned.best_threshold_, abs=0.02)


def test_a_wrong_answer_is_no_result() -> None:
    leads, objective = make_leads(2_000), make_objective(2_000)
    best = find_best(leads.scores, leads.became_sql, objective)
    with pytest.raises(RuntimeError, match="is not the best"):
        check(best._replace(leads=best.leads + 1), tune(leads, objective), leads, objective)
