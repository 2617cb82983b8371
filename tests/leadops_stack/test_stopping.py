import os
import signal

from leadops_stack.stopping import Stopping


def test_a_signal_is_heard_and_not_forgotten() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    stopping = Stopping()
    try:
        stopping.listen()
        assert not stopping.wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.wait(5)
        assert stopping.wait(0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
