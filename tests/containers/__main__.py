"""`make image-test`: builds the image, runs docker-compose.yaml, kills one container of each kind, audits.

Where no container engine can run, it says so and ends with 1: then nothing was tested.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.containers.engine import Engine, NoEngineError, find_engine
from tests.containers.people import send_person, wait_for_people
from tests.containers.stack import ContainerStack, build_image, make_stack
from tests.containers.stand_ins import prepare_images
from tests.waiting import wait_until

#: One of each kind, what others stand on last.
KINDS = (
    "worker", "gateway", "live", "watchdog", "triggerer", "dag-processor", "scheduler", "api-server",
    "sandbox", "redis", "postgres",
)  # fmt: skip
#: Seconds that the whole stack may take to be well, and an event from the gateway to the MA: a guard.
START, ARRIVAL = 900.0, 900.0

STARTED = time.monotonic()


def say(text: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"{time.monotonic() - STARTED:7.1f} s  {text}", flush=True)


def try_containers(engine: Engine) -> None:
    """Build, run, kill and audit. Raises AssertionError at what is not as it must be."""
    images = prepare_images(engine, say)
    build_image(engine, images)
    size = int(engine.docker("image", "inspect", "--format", "{{.Size}}", "leadops-image-test:built"))
    say(f"the image is built: {size / 1e6:.0f} MB")
    with (
        tempfile.TemporaryDirectory(prefix="leadops-image-test-") as folder,
        make_stack(engine, images, Path(folder)) as stack,
    ):
        try:
            stack.start(seconds=START)
            _wait_until_well(stack)
            say(f"{len(stack.containers())} containers are well")
            _try_stack(stack)
        except BaseException:
            _show(stack)
            raise
    say("all is taken down")


def _try_stack(stack: ContainerStack) -> None:
    send_person(stack, 0)
    took = wait_for_people(stack, 1, seconds=ARRIVAL)
    say(f"an event and a form have reached the MA and the CRM {took:.0f} s after they were sent")
    for number, kind in enumerate(KINDS, 1):
        say(f"kill -9 {kind:<14} well again after {_kill(stack, kind, number):5.1f} s")
    took = wait_for_people(stack, 1 + len(KINDS), seconds=ARRIVAL)
    say(f"every event and form is there, once, {took:.0f} s after the last kill had healed")
    code, shown = stack.say("scheduler", "leadops", "audit")
    assert code == 0, shown
    say(f"leadops audit: {shown}")
    say(f"leadops incidents list: {stack.say('scheduler', 'leadops', 'incidents', 'list')[1]}")


def _kill(stack: ContainerStack, kind: str, number: int) -> float:
    """Kill a container of `kind` while a person comes in; return the seconds until all are well again."""
    victim = stack.service(kind)[0]
    stack.kill(victim)
    started = time.monotonic()
    send_person(stack, number)

    def is_back() -> bool:
        found = next(each for each in stack.service(kind) if each.id == victim.id)
        return found.restarts > victim.restarts and found.is_well

    wait_until(is_back, seconds=START, pause=0.5)
    took = time.monotonic() - started
    _wait_until_well(stack)
    return took


def _wait_until_well(stack: ContainerStack) -> None:
    def are_well() -> bool:
        containers = stack.containers()
        return bool(containers) and all(container.is_well for container in containers)

    wait_until(are_well, seconds=START, pause=1)


def _show(stack: ContainerStack) -> None:
    """Print how each container is, and the last it said where it is not well."""
    for container in stack.containers():
        print(f"{container.service}: {container.state} {container.health} {container.exit_code}")
        if not container.is_well:
            command = [stack.engine.program, "logs", "--tail", "60", container.id]
            subprocess.run(command, env=stack.engine.env, stderr=subprocess.STDOUT, check=False)


def main() -> int:
    """Run the test and say how it went in the last line."""
    try:
        with find_engine() as engine:
            try_containers(engine)
    except NoEngineError as error:
        print(f"make image-test: NOTHING WAS TESTED: {error}", file=sys.stderr)
        return 1
    except (AssertionError, subprocess.SubprocessError) as error:
        print(f"make image-test: FAILED: {error}", file=sys.stderr)
        return 1
    say("make image-test: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
