"""Work that follows requests runs soon, and once for many of them."""

import asyncio
import time

from leadops.gateway.debouncer import Debouncer

#: Seconds between two runs.
PAUSE = 0.05


def test_many_triggers_are_few_runs_and_none_is_lost() -> None:
    async def run() -> list[int]:
        done, wanted = [], 0

        async def work() -> None:
            seen = wanted
            await asyncio.sleep(0.001)
            done.append(seen)

        began = time.monotonic()
        debouncer = Debouncer(work, pause=PAUSE)
        for _ in range(200):
            wanted += 1
            debouncer.trigger()
            await asyncio.sleep(0.0005)
        pauses = (time.monotonic() - began) / PAUSE
        await debouncer.close()
        assert len(done) <= pauses + 2, "one at once, one at its close, and one after each pause"
        return done

    assert asyncio.run(run())[-1] == 200


def test_closing_runs_what_is_pending() -> None:
    async def run() -> int:
        done = 0

        async def work() -> None:
            nonlocal done
            done += 1

        debouncer = Debouncer(work, pause=60)
        debouncer.trigger()
        await asyncio.sleep(0.01)
        debouncer.trigger()
        await debouncer.close()
        return done

    assert asyncio.run(run()) == 2
