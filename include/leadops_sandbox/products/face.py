"""A product's face: its routes over the world, who may call, which limits hold, how its faults answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from pydantic import ValidationError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.faults.rules import ActiveFault, FaultRule
from leadops_sandbox.products.leads import Leads
from leadops_sandbox.products.table import CallFault, ProductSettings, Table, fill_in
from leadops_sandbox.world import World

_UNCHANGED: dict[str, Any] = {}

Settings = TypeVar("Settings", bound=ProductSettings)


class VendorError(Exception):
    """A call that the product refuses, with the answer that it gives."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}

    @property
    def response(self) -> Response:
        """The answer."""
        return respond(self.body, status=self.status, headers=self.headers)


def respond(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return `body` as JSON; None as an empty answer."""
    content = b"" if body is None else orjson.dumps(body)
    return Response(content, status, headers=headers, media_type=None if body is None else "application/json")


class Face(ABC, Generic[Settings]):
    """What all products share; each has a class of its own."""

    name: ClassVar[str]
    #: Settings that its routes and indexes are made from; they cannot change while it runs.
    fixed: ClassVar[frozenset[str]] = frozenset({"id_field", "enrolment_field", "opt_out_field"})
    #: Whether it is a CRM, or an MA alone, with our own contract's CRM beside it.
    is_crm: ClassVar[bool] = True
    #: Whether the product lists what happened with leads.
    keeps_log: ClassVar[bool] = False
    settings_type: type[Settings]

    def __init__(self, world: World, table: Table) -> None:
        self.world = world
        self.table = table
        settings = table.settings
        self.leads = Leads(world, settings.get("enrolment_field"), settings.get("opt_out_field"))
        self.calls_now = 0
        self._kept: tuple[object, Settings] | None = None

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the product's routes."""

    @abstractmethod
    def admit(self, request: Request) -> None:
        """Count the call against the product's limits and check who calls; raise VendorError."""

    def dress(self, request: Request, headers: MutableHeaders) -> None:
        """Add the headers that the product sends with every answer to `request`."""

    @property
    def settings(self) -> Settings:
        """The product's settings: those of its table, with what `POST /_settings` changed of them."""
        changed = self.world.behaviour.products.get(self.name, _UNCHANGED)
        if self._kept is None or self._kept[0] is not changed:
            self._kept = changed, self.check_settings(changed)
        return self._kept[1]

    def check_settings(self, changed: dict[str, Any]) -> Settings:
        """Return the settings with `changed`; raise pydantic's ValidationError when they do not fit."""
        values = dict(self.table.settings)
        for name, value in changed.items():
            before = values.get(name)
            is_map = isinstance(before, dict) and isinstance(value, dict)
            values[name] = before | value if is_map else value
        return self.settings_type.model_validate(values)

    def now(self) -> datetime:
        """Return the world's time."""
        return self.world.clock()

    @contextmanager
    def count_call(self) -> Iterator[None]:
        """Count a call that is being answered, however long that takes."""
        self.calls_now += 1
        try:
            yield
        finally:
            self.calls_now -= 1

    def refuse(self, rule: FaultRule) -> Response | None:
        """Return the answer of a fault that hits a whole call; None for one that the routes act out."""
        if (fault := self.table.calls.get(rule.kind)) is None:
            return None
        return self.answer_fault(fault, retry_after=rule.retry_after)

    def answer_fault(self, fault: CallFault, *, retry_after: int | None = None) -> Response:
        """Return the answer that the table has for `fault`."""
        headers = dict(fault.headers)
        if fault.retry_after and retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        return respond(fill_in(fault.body, self.fill_values()), status=fault.status, headers=headers)

    def fill_values(self) -> dict[str, str]:
        """Return what stands for $names in the table's bodies."""
        return {}

    def fault_error(self, kind: str) -> VendorError:
        """Return the error that the table has under `kind`."""
        fault = self.table.calls[kind]
        return VendorError(fault.status, fill_in(fault.body, self.fill_values()), dict(fault.headers))

    def status_word(self, status: str | None) -> str | None:
        """Return the product's word for a status of the world."""
        words: dict[str, str] = dict(self.settings.statuses.items())
        return None if status is None else words.get(status, status)

    def status_of(self, word: str) -> str:
        """Return the world's status that the product calls `word`; a word of its own stays."""
        return next((status for status, known in self.settings.statuses.items() if known == word), word)


def find_fault(request: Request) -> ActiveFault | None:
    """Return the fault of the product's own kind that the call meets and its route acts out."""
    fault: ActiveFault | None = request.scope.get("product_fault")
    return fault


def has_manner(request: Request, manner: str) -> bool:
    """Return whether the call meets the odd behaviour `manner`."""
    fault = find_fault(request)
    return fault is not None and fault.rule.kind == manner


def strikes_row(request: Request, *names: str) -> str | None:
    """Return the kind of the row fault that hits the row with one of these ids; None where none does."""
    fault = find_fault(request)
    if fault is None:
        return None
    wanted = fault.rule.rows
    hit = not set(wanted).isdisjoint(names) if wanted else fault.refuses_row()
    return fault.rule.kind if hit else None


def read_settings_error(error: ValidationError) -> str:
    """Return the first thing that is wrong with a product's settings."""
    first = error.errors()[0]
    return f"product.{'.'.join(map(str, first['loc']))}: {first['msg']}"
