"""Odoo's face: two ways in, one set of methods."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.face import Face, VendorError, find_fault, respond
from leadops_sandbox.products.odoo.errors import ACCESS_DENIED, FAULTS, USER_ERROR, OdooError
from leadops_sandbox.products.odoo.methods import call_method
from leadops_sandbox.products.table import ProductSettings, Table
from leadops_sandbox.settings import fits
from leadops_sandbox.world import World


class OdooSettings(ProductSettings):
    """What of Odoo can be set; the table says what each means."""

    database: str
    database_uuid: str
    login: str
    user_id: int
    version: str
    json_rpc: bool
    json_2: bool
    error_status: dict[str, int]
    tags: dict[str, str]
    may_blacklist: bool


class Odoo(Face[OdooSettings]):
    """Odoo over the world."""

    name = "odoo"
    settings_type = OdooSettings

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world, table)
        self._merges: list[list[int]] = []

    def routes(self) -> list[Route]:
        """Return Odoo's routes."""
        return [
            Route("/jsonrpc", self.answer_rpc, methods=["POST"]),
            Route("/json/2/{model}/{method}", self.answer_json_2, methods=["POST"]),
            Route("/web/version", self.answer_version, methods=["GET"]),
        ]

    def admit(self, request: Request) -> None:
        """Let every call in: each way in checks its own key."""

    async def answer_version(self, _: Request) -> Response:
        """Answer which version this is."""
        numbers = [int(part) for part in self.settings.version.split(".")]
        return respond({"version": self.settings.version, "version_info": [*numbers, 0, "final", 0, ""]})

    async def answer_rpc(self, request: Request) -> Response:
        """Answer a call of JSON-RPC with 200: a result, none where it is None, or an error."""
        if not self.settings.json_rpc:
            raise VendorError(404, None)
        body = orjson.loads(await read_body(request))
        parameters = body.get("params") or {}
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": body.get("id")}
        try:
            service, method = parameters.get("service"), parameters.get("method")
            result = self.run_service(request, service, method, list(parameters.get("args") or []))
        except OdooError as error:
            shown = {"code": 200, "message": "Odoo Server Error", "data": error.show()}
            return respond(answer | {"error": shown})
        return respond(answer if result is None else answer | {"result": result})

    def run_service(self, request: Request, service: object, method: object, args: list[Any]) -> Any:
        """Return the result of a service's method; raise OdooError."""
        if (service, method) == ("common", "version"):
            return {"server_version": self.settings.version, "protocol_version": 1}
        if service == "common" and method in ("login", "authenticate"):
            database, login, key = args[:3]
            is_known = (database, login) == (self.settings.database, self.settings.login)
            return self.settings.user_id if is_known and self.is_key(key) else False
        if (service, method) != ("object", "execute_kw"):
            raise OdooError("builtins.KeyError", f"{service}.{method}")
        database, user, key, model, name, *rest = args
        if (database, user) != (self.settings.database, self.settings.user_id) or not self.is_key(key):
            raise OdooError(ACCESS_DENIED, "Access Denied")
        self.act_out_fault(request)
        return call_method(
            self, model, name, list(rest[0] if rest else []), dict(rest[1] if rest[1:] else {})
        )

    async def answer_json_2(self, request: Request) -> Response:
        """Answer a call of JSON-2: the bare result, or an error with a status of its own."""
        if not self.settings.json_2:
            raise VendorError(404, None)
        try:
            return respond(self.run_json_2(request, orjson.loads(await read_body(request) or b"{}")))
        except OdooError as error:
            return respond(error.show(), status=self.settings.error_status.get(error.name, 500))

    def run_json_2(self, request: Request, named: dict[str, Any]) -> Any:
        """Return a method's result; its arguments have names only. Raise OdooError."""
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        database = request.headers.get("x-odoo-database", self.settings.database)
        if kind.lower() != "bearer" or not self.is_key(key) or database != self.settings.database:
            raise OdooError(ACCESS_DENIED, "Invalid apikey")
        self.act_out_fault(request)
        model, method = request.path_params["model"], request.path_params["method"]
        args = [named.pop("ids")] if "ids" in named else []
        return call_method(self, model, method, args, named)

    def is_key(self, key: object) -> bool:
        """Return whether `key` is the token of the MA or the CRM."""
        tokens = self.world.tokens
        return fits(str(key), f"{tokens.ma},{tokens.crm}")

    def act_out_fault(self, request: Request) -> None:
        """Raise the OdooError of a fault that the call meets."""
        fault = find_fault(request)
        if fault is not None and fault.rule.kind in FAULTS:
            raise OdooError(*FAULTS[fault.rule.kind])

    def keep_merge(self, leads: list[int]) -> int:
        """Keep which leads a wizard is to merge; return the wizard's id."""
        self._merges.append(leads)
        return len(self._merges)

    def take_merge(self, wizard: int) -> list[int]:
        """Return the leads of a wizard; raise OdooError where there are not two."""
        leads = self._merges[wizard - 1] if 0 < wizard <= len(self._merges) else []
        if len(leads) < 2:
            raise OdooError(
                USER_ERROR, "Select at least two Leads/Opportunities from the list to merge them."
            )
        return leads


FACE: Any = Odoo
