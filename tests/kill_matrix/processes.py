"""Finds processes of a running stack, and kills them as the kernel's OOM killer or a pulled plug would."""

import os
import signal
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import psutil

from leadops_stack.executor import WORKERS
from leadops_stack.records import Record, read_records
from tests.kill_matrix.airflow_tasks import RunningTask, find_running
from tests.running_stack import Stack


def find_part(stack: Stack, name: str) -> Record:
    """Return the record of a running part; raise LookupError when it does not run."""
    found = [record for record in read_records(stack.home.run) if record.name == name and record.alive()]
    if not found:
        raise LookupError(f"{name} does not run")
    return found[0]


def list_parts(stack: Stack) -> dict[str, int]:
    """Return each running part with its process."""
    return {record.name: record.pid for record in read_records(stack.home.run) if record.alive()}


def kill(pids: Iterable[int]) -> None:
    """Kill each, first letting none act on the end of another."""
    pids = list(pids)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def kill_process(stack: Stack, name: str) -> None:
    """Kill the process of a part, and nothing that it started."""
    kill([find_part(stack, name).pid])


def kill_part(stack: Stack, name: str) -> None:
    """Kill a part and all that came from it, as when its machine dies."""
    kill(find_part(stack, name).members())


def find_worker(stack: Stack, task: RunningTask) -> tuple[str, int] | None:
    """Return the part whose process runs `task`, and that process; None: it has just ended."""
    parts = {pid: name for name, pid in list_parts(stack).items() if name in ("scheduler", *WORKERS)}
    try:
        process = psutil.Process(task.pid)
        line = [process, *process.parents()]
    except psutil.Error:
        return None
    for worker, part in pairwise(line):
        if part.pid in parts:
            return parts[part.pid], worker.pid
    return None


def find_busy(stack: Stack, task_id: str) -> tuple[RunningTask, str, int] | None:
    """Return a run of `task_id` that goes on now, the part that runs it and its worker's process."""
    for task in find_running(stack, task_id):
        if found := find_worker(stack, task):
            return task, *found
    return None


def find_lock_holder(scheduler: int) -> psutil.Process | None:
    """Return the idle worker of the LocalExecutor that waits for the next task; others wait for its lock."""
    idle = [
        child
        for child in psutil.Process(scheduler).children()
        if any("LocalExecutor: <idle>" in word for word in child.cmdline())
    ]
    holders = [worker for worker in idle if waits_in(worker.pid) == "anon_pipe_read"]
    return holders[0] if len(holders) == 1 else None


def waits_in(pid: int) -> str:
    """Return where in the kernel a process waits, empty where that is not known."""
    try:
        return Path(f"/proc/{pid}/wchan").read_text()
    except OSError:
        return ""
