"""The sandbox as one ASGI application: which stand-in a call is for, who may call, which faults it meets."""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

import leadops_sandbox.admin
import leadops_sandbox.crm.routes
import leadops_sandbox.ma.by_hand
import leadops_sandbox.ma.routes
import leadops_sandbox.pagerduty.routes
import leadops_sandbox.slack.page
import leadops_sandbox.slack.routes
from leadops_sandbox.answers import RefusedError, utc_now
from leadops_sandbox.answers import refuse as make_problem
from leadops_sandbox.faults.inject import make_refusal, run_with_faults
from leadops_sandbox.faults.rules import Faults
from leadops_sandbox.products.face import Face
from leadops_sandbox.products.registry import make_face, read_needs
from leadops_sandbox.products.serve import answer_product
from leadops_sandbox.settings import Behaviour, Tokens, fits
from leadops_sandbox.world import World


def create_app(
    state_dir: Path | str,
    *,
    clock: Callable[[], datetime] = utc_now,
    tokens: Tokens | None = None,
    product: str | None = None,
    **behaviour: Any,
) -> "Sandbox":
    """Return the ASGI application whose state lies in `state_dir`; serve it with uvicorn, one worker.

    `product` names the product that is served beside the generic routes.

    `behaviour` sets fields of leadops_sandbox.settings.Behaviour; what `POST /_settings` changed before in
    this folder wins. Raises JournalBusyError when another process uses the folder, UnknownProductError for
    the name of no product.
    """
    world = World(
        Path(state_dir),
        clock=clock,
        tokens=tokens or Tokens(),
        behaviour=Behaviour(**behaviour),
        **read_needs(product),
    )
    return Sandbox(world, make_face(product, world) if product else None)


class Sandbox:
    """Leads each call to its route. MA and Slack both live below /api: the route says which one is meant."""

    def __init__(self, world: World, face: Face[Any] | None = None) -> None:
        self.world = world
        self.face = face
        self.faults = Faults(own_kinds={face.name: face.table.kinds} if face else {})
        self._routes: list[tuple[str, Route]] = [
            *([(face.name, route) for route in face.routes()] if face else []),
            *(("ma", route) for route in leadops_sandbox.ma.routes.routes(world)),
            *(_target("crm", route) for route in leadops_sandbox.crm.routes.routes(world)),
            *(_target("pagerduty", route) for route in leadops_sandbox.pagerduty.routes.routes(world)),
            *(("slack", route) for route in leadops_sandbox.slack.routes.routes(world)),
            *(("admin", route) for route in leadops_sandbox.slack.page.routes(world)),
            *(("admin", route) for route in leadops_sandbox.ma.by_hand.routes(world)),
            *(("admin", route) for route in leadops_sandbox.admin.routes(world, self.faults, face)),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or follow the server's start and stop."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] != "http":
            return None
        target, route = self._find(scope)
        if route is None:
            return await make_problem(404, "there is nothing at this address")(scope, receive, send)
        if target == "admin":
            return await self._answer(target, route)(scope, receive, send)
        method, path = scope["method"], scope["path"]
        self.world.calls[f"{method} {route.path}"] += 1
        met = self.faults.draw(target=target, method=method, path=path)
        self.world.faults_met.update(f"{target} {fault.rule.kind}" for fault in met)
        if self.face is not None and target == self.face.name:
            return await answer_product(self.face, route, met, scope, receive, send)
        refuse = partial(make_refusal, target)
        return await run_with_faults(self._answer(target, route), met, scope, receive, send, refuse=refuse)

    def _find(self, scope: Scope) -> tuple[str, Route | None]:
        """Return the route for a call; one whose path fits but not its method where there is no better."""
        partial: tuple[str, Route | None] = ("", None)
        for target, route in self._routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                scope.update(child)
                return target, route
            if match is Match.PARTIAL and partial[1] is None:
                partial = (target, route)
        return partial

    def _answer(self, target: str, route: Route) -> ASGIApp:
        """Return the application that answers a call to `route`, errors included."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                self._check_caller(target, scope)
                await route.handle(scope, receive, send)
            except RefusedError as refused:
                problem = make_problem(refused.status, refused.reason, members=refused.members)
                await problem(scope, receive, send)

        return app

    def _check_caller(self, target: str, scope: Scope) -> None:
        if target == "admin":
            if not ipaddress.ip_address(scope["client"][0]).is_loopback:
                raise RefusedError(403, "the sandbox's own routes answer only to callers on this machine")
        elif target in ("ma", "crm"):
            kind, _, given = Request(scope).headers.get("authorization", "").partition(" ")
            if kind != "Bearer" or not fits(given, getattr(self.world.tokens, target)):
                raise RefusedError(401, "the bearer token is missing or wrong")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            match (await receive())["type"]:
                case "lifespan.startup":
                    await send({"type": "lifespan.startup.complete"})
                case "lifespan.shutdown":
                    self.world.journal.close()
                    await send({"type": "lifespan.shutdown.complete"})
                    return


def _target(target: str, route: Route) -> tuple[str, Route]:
    """Return a route of `target` with whom it belongs to: what begins with an underscore is the admin's."""
    return ("admin" if route.path.startswith("/_") else target), route
