"""How long to wait: worked by hand with a limit of 100 s, in which 5 CPU-seconds are progress."""

from leadops_stack.patience import Patience


class World:
    ticks, spent, size = 0.0, 0.0, 0

    def patience(self) -> Patience:
        return Patience(100.0, spent=lambda: self.spent, grown=lambda: self.size, ticks=lambda: self.ticks)


def test_it_is_over_when_too_little_was_done() -> None:
    world = World()
    patience = world.patience()
    world.ticks, world.spent = 99.9, 0.0
    assert not patience.is_over()
    world.ticks, world.spent = 100.0, 4.9
    assert patience.is_over()


def test_it_lasts_as_long_as_there_is_progress() -> None:
    world = World()
    patience = world.patience()
    for number in range(1, 20):
        world.ticks, world.spent = 100.0 * number, 5.0 * number
        assert not patience.is_over()
    world.ticks = 1999.9
    assert not patience.is_over()
    world.ticks = 2000.0
    assert patience.is_over()


def test_what_is_looked_at_late_is_measured_by_its_time() -> None:
    world = World()
    patience = world.patience()
    world.ticks, world.spent = 400.0, 19.0  # 5 % of 400 s are 20
    assert patience.is_over()


def test_a_log_that_grows_is_progress() -> None:
    world = World()
    patience = world.patience()
    world.ticks, world.size = 100.0, 1
    assert not patience.is_over()
    world.ticks = 200.0
    assert patience.is_over()
