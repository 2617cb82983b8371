"""What the stack is made of."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leadops_stack.account import Account

#: Seconds that a part or a step may do nothing before it counts as stuck. While it works, it may take longer.
PATIENCE = 120.0


@dataclass(frozen=True)
class Part:
    """A program that runs as long as the stack does, or, with `once`, that must have ended well."""

    name: str
    command: tuple[str, ...]
    folder: Path  # its working folder
    env: Mapping[str, str]
    healthy: Callable[[], bool] = lambda: True
    ready_text: str = ""
    once: bool = False
    patience: float = PATIENCE
    grace: float = 15.0  # seconds it is given to stop
    stop_signal: int = signal.SIGTERM
    account: Account | None = None  # to run as; None: as ourselves


@dataclass(frozen=True)
class Step:
    """A piece of work that we do ourselves; what it returns is shown.

    Where `act` raises TransientError, it is tried again until all parts have done nothing for `patience`.
    """

    name: str
    act: Callable[[], str]
    patience: float = PATIENCE


@dataclass(frozen=True)
class Wave:
    """What may start together: first the parts are started, then the steps done, then all is waited for."""

    parts: tuple[Part, ...] = ()
    steps: tuple[Step, ...] = field(default=())
