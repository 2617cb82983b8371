"""Reads that take one call or several: a product yields its calls, and gets each answer back.

A reading is a generator, so a product can be tested with answers written by hand, and it can neither commit,
wait nor retry in its own way.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from leadops.errors import PermanentError
from leadops.products.product_rows import Call

T = TypeVar("T")


@dataclass(frozen=True)
class ReadAnswer:
    """A 2xx answer: its JSON (None without a body), and the server's time (its Date) if it says one."""

    body: Any
    server_time: datetime | None = None


class RefusedCallError(PermanentError):
    """A call of a reading was refused, with this HTTP status; a reading may catch it and go on."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


#: What a product does to read something: its calls, each answered, and what they come to.
Reading = Generator[Call, ReadAnswer, T]
