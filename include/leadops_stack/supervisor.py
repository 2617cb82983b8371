"""Starts the parts wave by wave, starts again what ends by itself, and stops all in reverse order."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from leadops.errors import LeadopsError, TransientError
from leadops_stack.child import Child
from leadops_stack.part import Part, Step, Wave
from leadops_stack.patience import Patience
from leadops_stack.screen import Screen
from leadops_stack.stopping import Stopping

#: Seconds between two looks at the parts.
PAUSE = 0.5
#: Seconds before a part that ended is started again: doubled each time, up to the last.
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
#: Seconds a part must have run for its earlier ends to be forgotten.
FORGIVEN_AFTER = 300.0
#: A part that ends this often before it was ever ready makes the whole start fail.
TRIES = 3
#: Seconds between two lines about what the start waits for.
SAY_EVERY = 15.0
#: Characters of a part's last line that are shown then.
LINE = 100


@dataclass(frozen=True)
class Restart:
    """The wish that the part `name` is ended, by force after `grace` seconds, and started again."""

    name: str
    why: str
    grace: float


class Supervisor:
    """Runs parts; `stopping` is set by a signal handler or another thread to make it end."""

    def __init__(self, *, run: Path, logs: Path, screen: Screen) -> None:
        self.run, self.logs, self.screen = run, logs, screen
        self.stopping = Stopping()
        self.children: list[Child] = []
        self._ends: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._asked: SimpleQueue[Restart] = SimpleQueue()

    def start(self, waves: Iterable[Wave]) -> bool:
        """Start `waves` one after the other; tell whether all is up (False: asked to stop meanwhile).

        Raises LeadopsError that names the part that does not become ready, with its last words.
        """
        for order, wave in enumerate(waves):
            waiting = [self._launch(part, order) for part in wave.parts]
            for step in wave.steps:
                with self.screen.step(step.name) as texts:
                    texts.append(self._do(step, order))
                if self.stopping.wait(0):
                    return False
            with self.screen.working(", ".join(child.part.name for child in waiting)):
                next_line = time.monotonic() + SAY_EVERY
                while waiting:
                    if time.monotonic() >= next_line:
                        next_line += SAY_EVERY
                        self._say_waiting(waiting)
                    waiting = [child for child in waiting if not self._is_ready(child)]
                    if self.stopping.wait(0.1 if waiting else 0):
                        return False
        return True

    def begin(self, part: Part) -> Child:
        """Start `part` beside those that run, stopped before them; with `once` it ends by itself.

        Raises LeadopsError when the program cannot be run.
        """
        return self._launch(part, max((child.order for child in self.children), default=0) + 1)

    def watch(self, *, every: float, tick: Callable[[], None]) -> None:
        """Keep the parts running until `stopping` is set; call `tick` each `every` seconds."""
        next_tick = time.monotonic() + every
        while not self.stopping.wait(PAUSE):
            self._restart_asked()
            for child in tuple(self.children):
                self._look_after(child)
            if time.monotonic() >= next_tick:
                next_tick += every
                for child in self.children:
                    child.turn_log()
                    child.keep_record()
                tick()

    def ask_restart(self, name: str, *, why: str, grace: float) -> None:
        """Let `watch` end the part `name`, by force after `grace` seconds, and start it again.

        Any thread may call this; it returns at once.
        """
        self._asked.put(Restart(name, why, grace))

    def answers(self, name: str) -> bool:
        """Return whether the part `name` runs and says that it is well; any thread may ask."""
        return any(
            child.part.name == name and child.exit_code() is None and child.part.healthy()
            for child in self.children
        )

    def stop(self) -> None:
        """Stop every part, the last wave first; those of a wave together."""
        for order in sorted({child.order for child in self.children}, reverse=True):
            wave = [child for child in self.children if child.order == order]
            with ThreadPoolExecutor(len(wave)) as together:
                list(together.map(self._stop, wave))
        self.children.clear()

    def _stop(self, child: Child) -> None:
        began = time.monotonic()
        forced = child.stop()
        text = "stopped with force" if forced else "stopped"
        self.screen.done(child.part.name, time.monotonic() - began, text)

    def _do(self, step: Step, order: int) -> str:
        """Return what `step` of wave `order` says; while a part does not answer yet, try again."""
        patience = Patience(step.patience, spent=self._cpu_seconds)
        started = time.monotonic()
        next_line = started + SAY_EVERY
        while True:
            try:
                return step.act()
            except TransientError as error:
                if patience.is_over():
                    raise
                if time.monotonic() >= next_line:
                    next_line = time.monotonic() + SAY_EVERY
                    self.screen.say(f"  waiting for {step.name}, {time.monotonic() - started:.0f} s: {error}")
                if self.stopping.wait(PAUSE):
                    return f"not done: {error}"
                for child in self.children:
                    if child.order < order:  # those of this wave are not ready yet, and looked at later
                        self._look_after(child)

    def _cpu_seconds(self) -> float:
        return sum(child.cpu_seconds() for child in self.children)

    def _say_waiting(self, waiting: Sequence[Child]) -> None:
        for child in waiting:
            seconds = time.monotonic() - child.started_at
            line = child.last_line()[:LINE]
            self.screen.say(f"  waiting for {child.part.name}, {seconds:.0f} s: {line}")

    def _restart_asked(self) -> None:
        """Restart the parts that `ask_restart` names; one that has ended by itself starts again anyway."""
        while True:
            try:
                asked = self._asked.get_nowait()
            except Empty:
                return
            for child in self.children:
                if child.part.name == asked.name and child.exit_code() is None:
                    self.screen.say(f"{asked.name}: {asked.why}; starting it again (log: {child.log})")
                    child.stop(grace=asked.grace)
                    child.start()

    def _launch(self, part: Part, order: int) -> Child:
        child = Child(part, order=order, run=self.run, logs=self.logs)
        child.start()
        self.children.append(child)
        return child

    def _is_ready(self, child: Child) -> bool:
        part, code = child.part, child.exit_code()
        seconds = time.monotonic() - child.started_at
        if code is None:
            if part.once or not part.healthy():
                if child.patience.is_over():
                    self._try_again(child, f"is not ready after {seconds:.0f} s and does nothing")
                return False
        elif part.once and code == 0:
            child.stop()
            self.children.remove(child)
        else:
            self._try_again(child, f"ended with {_words(code)}")
            return False
        self._ends.pop(part.name, None)
        self.screen.done(part.name, seconds, part.ready_text)
        return True

    def _try_again(self, child: Child, what: str) -> None:
        """Start `child` again and keep the others; raise LeadopsError when that has not helped."""
        ends = self._ends[child.part.name] = self._ends.get(child.part.name, 0) + 1
        if child.part.once or ends >= TRIES:
            raise LeadopsError(f"{child.part.name} {what}: {child.last_words()}")
        self.screen.say(f"  {child.part.name} {what}; starting it again (log: {child.log})")
        child.stop()
        if not self.stopping.wait(BACK_OFF[ends - 1]):
            child.start()

    def _look_after(self, child: Child) -> None:
        """Start `child` again, once its back-off is over, when it has ended."""
        name, code = child.part.name, child.exit_code()
        if code is None:
            return
        if child.part.once:  # it has done its work, or says in its log why not
            child.stop()
            self.children.remove(child)
            return
        if name not in self._due:
            if time.monotonic() - child.started_at > FORGIVEN_AFTER:
                self._ends.pop(name, None)
            seconds = BACK_OFF[min(self._ends.get(name, 0), len(BACK_OFF) - 1)]
            self._ends[name] = self._ends.get(name, 0) + 1
            self._due[name] = time.monotonic() + seconds
            self.screen.say(
                f"{name} ended with {_words(code)}; starting it again in {seconds:.0f} s (log: {child.log})"
            )
            child.stop()
        if time.monotonic() >= self._due[name]:
            del self._due[name]
            try:
                child.start()
            except LeadopsError as error:  # a disk without room, a file that is missing: the others go on
                self.screen.say(str(error))


def _words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
