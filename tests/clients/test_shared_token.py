"""Connections that share a token: one call for each new one, whoever meets the end of the old one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event, Lock
from typing import Any, cast

import pytest

from leadops.clients.shared_token import SharedToken
from leadops.errors import PermanentError, TransientError
from tests.waiting import wait_until

ACCOUNTS = count()


def take_all(accesses: list[SharedToken]) -> list[str]:
    """Let each of `accesses` renew its token in a thread of its own, at the same time."""
    together = Barrier(len(accesses))

    def renew(access: SharedToken) -> str:
        together.wait(timeout=30)
        assert access.renew()
        return access.find_token()

    with ThreadPoolExecutor(len(accesses)) as pool:
        return list(pool.map(renew, accesses))


def count_tokens() -> tuple[list[str], Callable[[], str]]:
    given: list[str] = []

    def ask() -> str:
        given.append(f"t{len(given) + 1}")
        return given[-1]

    return given, ask


class CountingLock:
    """A lock that counts those who came to it, be they waiting or not."""

    def __init__(self) -> None:
        self.entered = 0
        self._lock = Lock()

    def __enter__(self) -> None:
        self.entered += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_connections_of_an_account_share_one_token() -> None:
    given, ask = count_tokens()
    account = ("shared", next(ACCOUNTS))
    accesses = [SharedToken(account, ask) for _ in range(3)]
    assert [access.find_token() for access in accesses] == ["t1"] * 3
    assert given == ["t1"]
    another = SharedToken((*account, "another secret"), ask)
    assert another.find_token() == "t2"


def test_four_that_meet_the_end_of_a_token_together_ask_once() -> None:
    given, ask = count_tokens()
    account = ("together", next(ACCOUNTS))
    accesses = [SharedToken(account, ask) for _ in range(4)]
    for access in accesses:
        access.find_token()
    assert take_all(accesses) == ["t2"] * 4
    assert given == ["t1", "t2"]


def test_one_that_comes_later_takes_the_token_that_is_there() -> None:
    given, ask = count_tokens()
    account = ("later", next(ACCOUNTS))
    first, second = SharedToken(account, ask), SharedToken(account, ask)
    assert (first.find_token(), second.find_token()) == ("t1", "t1")
    first.renew()
    second.renew()
    assert (second.find_token(), given) == ("t2", ["t1", "t2"])
    second.renew()  # the second token was refused as well
    assert (second.find_token(), given) == ("t3", ["t1", "t2", "t3"])


def test_one_that_slept_carries_the_newest_token_and_asks_when_that_is_over_too() -> None:
    given, ask = count_tokens()
    account = ("asleep", next(ACCOUNTS))
    awake, asleep = SharedToken(account, ask), SharedToken(account, ask)
    assert (awake.find_token(), asleep.find_token()) == ("t1", "t1")
    awake.renew()
    assert asleep.find_token() == "t2"
    asleep.renew()  # nobody has used the second token for hours
    assert (asleep.find_token(), given) == ("t3", ["t1", "t2", "t3"])


def test_those_who_wait_share_an_error_and_the_next_question_is_a_new_one() -> None:
    account = ("error", next(ACCOUNTS))
    is_asking, may_end = Event(), Event()
    asked: list[str] = []

    def ask() -> str:
        asked.append("")
        if len(asked) > 1:
            return "good"
        is_asking.set()
        assert may_end.wait(timeout=30)
        raise TransientError("no answer")

    first, second = SharedToken(account, ask), SharedToken(account, ask)
    lock = CountingLock()
    second._place.lock = cast(Any, lock)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first.find_token)
        assert is_asking.wait(timeout=30)
        other = pool.submit(second.find_token)
        wait_until(lambda: lock.entered == 2)
        may_end.set()
        for future in (one, other):
            with pytest.raises(TransientError, match="no answer"):
                future.result(timeout=30)
    assert len(asked) == 1
    assert (second.find_token(), first.find_token(), len(asked)) == ("good", "good", 2)


def test_a_refusal_is_the_callers_to_see() -> None:
    def refuse() -> str:
        raise PermanentError("refused")

    with pytest.raises(PermanentError, match="refused"):
        SharedToken(("refused", next(ACCOUNTS)), refuse).find_token()
