from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.faults.rules import FaultRule, Faults, Kind

CALL = {"target": "ma", "method": "POST", "path": "/api/bulk/update_scores"}
KINDS: list[Kind] = ["latency", "429", "500", "timeout_before", "half_answer", "rejected_rows"]


def test_a_rule_speaks_of_a_target_a_method_and_a_path() -> None:
    for wanted, rule in (
        (True, FaultRule(kind="500")),
        (True, FaultRule(kind="500", target="ma", method="post", path="/api/bulk/*")),
        (False, FaultRule(kind="500", target="crm")),
        (False, FaultRule(kind="500", method="GET")),
        (False, FaultRule(kind="500", path="/api/leads*")),
    ):
        assert rule.matches(**CALL) is wanted


def test_a_count_is_used_up() -> None:
    faults = Faults()
    fault = faults.add(FaultRule(kind="500", count=2))
    assert [len(faults.draw(**CALL)) for _ in range(4)] == [1, 1, 0, 0]
    assert (fault.met, fault.used_up) == (2, True)


def test_another_target_does_not_use_a_count_up() -> None:
    faults = Faults()
    faults.add(FaultRule(kind="500", target="crm", count=1))
    faults.draw(**CALL)
    assert len(faults.draw(target="crm", method="GET", path="/v1/reps")) == 1


def test_a_probability_is_drawn_from_its_seed() -> None:
    def draw(seed: int) -> list[int]:
        faults = Faults()
        faults.add(FaultRule(kind="500", probability=0.3, seed=seed))
        return [len(faults.draw(**CALL)) for _ in range(400)]

    assert draw(1) == draw(1) != draw(2)
    assert 80 < sum(draw(1)) < 160


@given(st.lists(st.sampled_from(KINDS), max_size=8))
def test_a_call_meets_every_latency_and_the_first_of_the_others_last(kinds: list[Kind]) -> None:
    faults = Faults()
    for kind in kinds:
        faults.add(FaultRule(kind=kind))
    others = [kind for kind in kinds if kind != "latency"]
    expected = ["latency"] * kinds.count("latency") + others[:1]
    assert [fault.rule.kind for fault in faults.draw(**CALL)] == expected
