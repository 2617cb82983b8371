"""Figures and the list of survivors, by hand."""

from pathlib import Path

import pytest
import yaml

from leadops.queries import Queries
from tests.mutants.mutant import Mutant, Outcome, changed_lines
from tests.mutants.report import count_outcomes, find_unlisted
from tests.mutants.sql_mutants import make_mutants
from tests.mutants.survivors import read_survivors, write_entry


def mutant(outcome: Outcome, change: str = "- a\n+ b") -> Mutant:
    return Mutant("sla/clocks.py", "start_clock", change, outcome)


def test_figures_count_every_outcome() -> None:
    outcomes = [Outcome.KILLED] * 5 + [Outcome.TYPED] * 2 + [Outcome.TIMED_OUT] + [Outcome.SURVIVED] * 2
    figures = count_outcomes("sla", "python", list(map(mutant, outcomes)), {})
    assert figures.share == pytest.approx(0.8)
    assert figures.as_row() == "| sla | python | 10 | 5 | 2 | 1 | 2 | 0 | 80.0% |"
    assert count_outcomes("sla", "sql", [], {}).share == 1


def test_a_survivor_on_the_list_lowers_no_share() -> None:
    equal, other = mutant(Outcome.SURVIVED), mutant(Outcome.SURVIVED, "- a\n+ c")
    killed = [mutant(Outcome.KILLED, f"- {number}") for number in range(9)]
    figures = count_outcomes("sla", "python", [equal, other, *killed], {equal.identity: "the same number"})
    assert figures.as_row() == "| sla | python | 11 | 9 | 0 | 0 | 2 | 1 | 90.0% |"
    assert count_outcomes("sla", "python", [equal], {equal.identity: "the same number"}).share == 1
    # A reason for what a test notices counts for nothing.
    assert (
        count_outcomes("sla", "python", killed, {killed[0].identity: "?"})
        .as_row()
        .endswith("| 0 | 0 | 100.0% |")
    )


def test_a_survivor_is_listed_by_its_change() -> None:
    listed, unlisted = mutant(Outcome.SURVIVED), mutant(Outcome.SURVIVED, "- a\n+ c")
    reasons = {listed.identity: "the same number"}
    found = find_unlisted([listed, unlisted, mutant(Outcome.KILLED, "- x")], reasons)
    assert found == {("sla/clocks.py", "start_clock"): [unlisted]}


def test_what_is_printed_can_go_on_the_list(tmp_path: Path) -> None:
    path = tmp_path / "survivors.yaml"
    survivor = mutant(Outcome.SURVIVED, "- a: 'b'\n+ a: {c}")
    path.write_text(write_entry([survivor]))
    with pytest.raises(ValueError, match="start_clock has no reason"):
        read_survivors(path)
    path.write_text(write_entry([survivor]).replace("reason:", "reason: has no effect"))
    assert read_survivors(path) == {survivor.identity: "has no effect"}


def test_every_listed_module_exists() -> None:
    package = Path(__file__).parents[2] / "include" / "leadops"
    for module, place, change in read_survivors():
        assert (package / module).is_file(), module
        assert place
        assert yaml.safe_dump(change)


def test_every_listed_mutant_still_changes_its_statement_or_a_line_of_its_module() -> None:
    package = Path(__file__).parents[2] / "include" / "leadops"
    for module, place, change in read_survivors():
        if module.endswith(".sql"):
            statement = Queries(str(package / module)).statements[place]
            assert change in {mutant for _, mutant in make_mutants(statement)}, (module, place)
        else:
            lines = {line.strip() for line in (package / module).read_text(encoding="utf-8").splitlines()}
            changed = {line[2:] for line in change.splitlines() if line.startswith("- ")}
            assert changed <= lines, (module, place)


def test_a_diff_is_kept_without_its_lines_around() -> None:
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n x = 1\n-    y < 2\n+    y <= 2\n"
    assert changed_lines(diff) == "- y < 2\n+ y <= 2"
