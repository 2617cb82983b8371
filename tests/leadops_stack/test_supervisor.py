import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from leadops.errors import LeadopsError, TransientError
from leadops_stack import supervisor as module
from leadops_stack.home import Home
from leadops_stack.part import Part, Step, Wave
from leadops_stack.processes import birth_mark
from leadops_stack.records import read_records
from leadops_stack.screen import Screen
from leadops_stack.supervisor import Supervisor
from tests.waiting import wait_until

Toy = Callable[[str], Part]


@pytest.fixture
def shown() -> io.StringIO:
    """What the terminal shows."""
    return io.StringIO()


@pytest.fixture
def running(home: Home, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    """A supervisor that tries again quickly; everything is stopped afterwards."""
    monkeypatch.setattr(module, "BACK_OFF", (0.05,) * 5)
    monkeypatch.setattr("leadops_stack.stop.REST_GRACE", 0.3)
    made = Supervisor(run=home.run, logs=home.logs, screen=Screen(Console(file=shown, width=200)))
    yield made
    made.stop()


def numbers(home: Home, name: str) -> list[list[int]]:
    """Return, for each start of a toy, its own number and its child's."""
    path = home.root / f"{name}.pids"
    return [[*map(int, line.split())] for line in path.read_text().splitlines()] if path.exists() else []


def test_all_that_was_started_ends_in_reverse_order(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO
) -> None:
    steps: list[str] = []
    step = Step("step", lambda: steps.append("done") or "well")  # type: ignore[func-returns-value]
    assert running.start([Wave(parts=(toy("one"),)), Wave(steps=(step,)), Wave(parts=(toy("two"),))])
    assert steps == ["done"]
    assert [record.name for record in read_records(home.run)] == ["two", "one"]
    alive = [pid for name in ("one", "two") for pid in numbers(home, name)[0]]
    assert all(map(birth_mark, alive))
    running.stop()
    assert not any(map(birth_mark, alive))
    assert read_records(home.run) == []
    lines = [line.split()[0] for line in shown.getvalue().splitlines() if line]
    assert lines == ["one", "step", "two", "two", "one"]


def test_a_part_that_ends_is_started_again_and_said(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO
) -> None:
    assert running.start([Wave(parts=(toy("one"),))])
    watching = threading.Thread(target=running.watch, kwargs={"every": 3600, "tick": lambda: None})
    watching.start()
    for starts in (1, 2):
        leader, child = numbers(home, "one")[-1]
        os.kill(leader, signal.SIGKILL)
        wait_until(lambda starts=starts: len(numbers(home, "one")) > starts)
        assert not birth_mark(child)
    running.stopping.set()
    watching.join()
    assert shown.getvalue().count("one ended with signal 9; starting it again in 0 s (log:") == 2


def test_without_room_for_records_a_part_is_started_again_and_recorded_later(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO
) -> None:
    assert running.start([Wave(parts=(toy("one"),))])
    aside = home.run.rename(home.root / "aside")
    watching = threading.Thread(target=running.watch, kwargs={"every": 0.0, "tick": lambda: None})
    watching.start()
    os.kill(numbers(home, "one")[-1][0], signal.SIGKILL)
    wait_until(lambda: len(numbers(home, "one")) > 1)
    aside.rename(home.run)
    wait_until(lambda: [record.pid for record in read_records(home.run)] == [numbers(home, "one")[-1][0]])
    running.stopping.set()
    watching.join()


def test_a_part_that_cannot_start_for_now_stops_no_other(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO
) -> None:
    assert running.start([Wave(parts=(toy("one"), toy("two")))])
    aside = home.logs.rename(home.root / "aside")
    watching = threading.Thread(target=running.watch, kwargs={"every": 3600, "tick": lambda: None})
    watching.start()
    os.kill(numbers(home, "one")[-1][0], signal.SIGKILL)
    wait_until(lambda: "one cannot be started" in shown.getvalue())
    aside.rename(home.logs)
    wait_until(lambda: len(numbers(home, "one")) > 1)
    running.stopping.set()
    watching.join()
    assert len(numbers(home, "two")) == 1
    assert birth_mark(numbers(home, "two")[0][0])


def test_ticks_come_while_it_watches(running: Supervisor) -> None:
    running.watch(every=0.0, tick=running.stopping.set)


def test_a_part_that_cannot_start_is_named_with_its_last_words(running: Supervisor, toy: Toy) -> None:
    broken = replace(toy("one"), command=(sys.executable, "-c", "raise SystemExit('no such thing')"))
    with pytest.raises(LeadopsError, match=r"one ended with exit code 1: no such thing \(log: .*one\.log\)"):
        running.start([Wave(parts=(broken,))])


def test_a_program_that_is_not_there_is_named(running: Supervisor, toy: Toy) -> None:
    with pytest.raises(LeadopsError, match=r"one cannot be started: .*'/no/program'"):
        running.start([Wave(parts=(replace(toy("one"), command=("/no/program",)),))])


def test_a_part_that_never_gets_well_is_tried_again_alone_and_then_given_up(
    home: Home, running: Supervisor, toy: Toy
) -> None:
    ill = replace(toy("one"), healthy=lambda: False, patience=0.5)
    with pytest.raises(LeadopsError, match=r"one is not ready after .* s and does nothing: "):
        running.start([Wave(parts=(toy("two"), ill))])
    assert len(numbers(home, "one")) == module.TRIES
    assert len(numbers(home, "two")) == 1


def test_a_part_that_works_is_waited_for_longer_than_its_patience(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes for longer than its patience before it answers; the terminal says what is awaited."""
    monkeypatch.setattr(module, "SAY_EVERY", 0.5)
    monkeypatch.setattr("leadops_stack.patience.SHARE", 0.005)  # this machine may be very busy
    answer = home.root / "answer"
    busy = (
        "import sys, time; print('thinking about it', flush=True)\n"
        "while time.process_time() < 5.0: pass\n"
        "open(sys.argv[1], 'w').close(); time.sleep(600)"
    )
    part = replace(
        toy("one"),
        command=(sys.executable, "-c", busy, str(answer)),
        healthy=answer.exists,
        patience=2.0,
    )
    assert running.start([Wave(parts=(part,))])
    assert "starting it again" not in shown.getvalue()
    assert "s: thinking about it" in shown.getvalue()


def test_a_part_that_hangs_is_ended_by_force_and_started_again_where_somebody_asks(
    home: Home, running: Supervisor, toy: Toy, shown: io.StringIO
) -> None:
    assert running.start([Wave(parts=(toy("one"), toy("two")))])
    watching = threading.Thread(target=running.watch, kwargs={"every": 3600, "tick": lambda: None})
    watching.start()
    assert running.answers("one")
    leader, child = numbers(home, "one")[0]
    os.kill(leader, signal.SIGSTOP)  # it heeds no SIGTERM
    running.ask_restart("one", why="it hangs", grace=0.3)
    wait_until(lambda: len(numbers(home, "one")) == 2)
    running.stopping.set()
    watching.join()
    assert not birth_mark(leader)
    assert not birth_mark(child)
    assert len(numbers(home, "two")) == 1
    assert not running.answers("three")
    assert "one: it hangs; starting it again (log: " in shown.getvalue()
    assert "ended with" not in shown.getvalue()


def test_what_a_step_waits_for_is_said(
    running: Supervisor, toy: Toy, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(module, "SAY_EVERY", 0.0)
    answers = iter([TransientError("the first answer takes long"), "answers"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, TransientError):
            raise answer
        return answer

    assert running.start([Wave(steps=(Step("ask", ask),))])
    assert "waiting for ask, 0 s: the first answer takes long" in shown.getvalue()


def test_what_runs_once_must_end_well(home: Home, running: Supervisor, toy: Toy) -> None:
    once = replace(toy("one"), command=(sys.executable, "-c", "print('hello')"), once=True)
    assert running.start([Wave(parts=(once,))])
    assert read_records(home.run) == []
    with pytest.raises(LeadopsError, match="one ended with exit code 3: hello"):
        running.start([Wave(parts=(replace(once, command=(sys.executable, "-c", "raise SystemExit(3)")),))])


def test_the_wish_to_stop_is_heard_while_it_starts(running: Supervisor, toy: Toy) -> None:
    running.stopping.set()
    assert not running.start([Wave(parts=(replace(toy("one"), healthy=lambda: False),))])


def test_a_step_asks_again_while_another_part_does_not_answer(
    running: Supervisor, toy: Toy, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    answers = iter([TransientError("silence"), TransientError("silence"), "answers"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, TransientError):
            raise answer
        return answer

    assert running.start([Wave(parts=(toy("one"),)), Wave(steps=(Step("ask", ask),))])
    assert shown.getvalue().splitlines()[-1].endswith("answers")


def test_a_part_that_ends_while_a_step_waits_for_it_is_started_again(
    home: Home, running: Supervisor, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)

    def ask() -> str:
        starts = numbers(home, "one")
        if len(starts) > 1:
            return "answers"
        if birth_mark(starts[0][0]):
            os.kill(starts[0][0], signal.SIGKILL)
        raise TransientError("silence")

    assert running.start([Wave(parts=(toy("one"),)), Wave(steps=(Step("ask", ask),))])


def test_a_step_gives_up_when_its_patience_is_over_and_at_once_where_waiting_does_not_help(
    running: Supervisor,
) -> None:
    asked = []

    def ask(error: LeadopsError) -> str:
        asked.append(error)
        raise error

    with pytest.raises(TransientError, match="silence"):
        running.start([Wave(steps=(Step("ask", lambda: ask(TransientError("silence")), patience=0.0),))])
    with pytest.raises(LeadopsError, match="the wrong password"):
        running.start([Wave(steps=(Step("ask", lambda: ask(LeadopsError("the wrong password"))),))])
    assert len(asked) == 2


def test_the_wish_to_stop_is_heard_while_a_step_waits(running: Supervisor) -> None:
    def ask() -> str:
        running.stopping.set()
        raise TransientError("silence")

    assert not running.start([Wave(steps=(Step("ask", ask),))])
