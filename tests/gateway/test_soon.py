"""Work that follows answers is done soon, and once for many."""

import asyncio

from leadops.gateway.soon import Soon


def test_many_wakes_are_few_rounds_and_none_is_lost() -> None:
    async def run() -> list[int]:
        done, wanted = [], 0

        async def work() -> None:
            seen = wanted
            await asyncio.sleep(0.001)
            done.append(seen)

        soon = Soon(work, pause=0.01)
        for _ in range(200):
            wanted += 1
            soon.wake()
            await asyncio.sleep(0.0005)
        await soon.close()
        return done

    done = asyncio.run(run())
    assert done[-1] == 200
    assert len(done) < 100


def test_closing_does_what_is_still_wanted() -> None:
    async def run() -> int:
        done = 0

        async def work() -> None:
            nonlocal done
            done += 1

        soon = Soon(work, pause=60)
        soon.wake()
        await asyncio.sleep(0.01)
        soon.wake()
        await soon.close()
        return done

    assert asyncio.run(run()) == 2
