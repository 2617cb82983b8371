"""Mautic's face: a server of one's own, with Basic or OAuth2 and a limiter that is off at first."""

import base64
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import Face, VendorError, has_manner, respond
from leadops_sandbox.products.mautic import contacts, mails, points
from leadops_sandbox.products.mautic.bodies import read_body_json
from leadops_sandbox.products.table import ProductSettings, Table
from leadops_sandbox.products.tokens import TokenBook
from leadops_sandbox.products.windows import RollingWindow
from leadops_sandbox.settings import fits
from leadops_sandbox.world import World

TOKEN = "/oauth/v2/token"  # noqa: S105 - an address


class Segment(BaseModel):
    """A segment that filters by the field of enrolments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins_with: str
    published: bool = True


class MauticSettings(ProductSettings):
    """What of Mautic can be set; the table says what each means."""

    batch_limit: int
    minute_limit: int | None
    client_id: str
    token_seconds: float
    minus_loses_sign: bool
    follows_merges: bool
    segments: dict[str, Segment]


class Mautic(Face[MauticSettings]):
    """Mautic over the world."""

    name = "mautic"
    is_crm = False
    settings_type = MauticSettings

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world, table)
        self.tokens = TokenBook()
        self.minute = RollingWindow()

    def routes(self) -> list[Route]:
        """Return Mautic's routes."""
        return [
            Route(TOKEN, self.give_token, methods=["POST"]),
            *points.routes(self),
            *mails.routes(self),
            *contacts.routes(self),
        ]

    def admit(self, request: Request) -> None:
        """Check who calls, by Basic or by a token, then the limiter."""
        now, limit = self.now(), self.settings.minute_limit
        if has_manner(request, "token_ended"):
            self.tokens.end_all(now)
        if request.url.path == TOKEN:
            return
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            secret = base64.b64decode(given).decode().partition(":")[2]
            if not self.is_secret(secret):
                raise self.fault_error("unauthorized")
        elif (state := self.tokens.check(given, now)) != "good":
            raise self.fault_error("token_expired" if state == "expired" else "unauthorized")
        if limit is not None and not self.minute.take(now, limit=limit, seconds=60):
            raise self.fault_error("429")

    async def give_token(self, request: Request) -> Response:
        """Answer a client that asks for a token by its credentials."""
        form, settings = await read_body_json(request), self.settings
        is_known = form.get("client_id") == settings.client_id and self.is_secret(
            str(form.get("client_secret"))
        )
        if form.get("grant_type") != "client_credentials" or not is_known:
            error = {"error": "invalid_client", "error_description": "The client credentials are invalid"}
            raise VendorError(400, error)
        token, left = self.tokens.give(self.now(), seconds=settings.token_seconds, same=False)
        return respond({"access_token": token, "expires_in": left, "token_type": "bearer", "scope": ""})

    def find_contact(self, contact_id: object) -> Lead | None:
        """Return the contact that a call about one means: after a merge, the one that is left."""
        lead = self.leads.find(contact_id)
        if lead is not None or not self.settings.follows_merges or not str(contact_id).isdecimal():
            return lead
        survivor = self.world.ma.find_survivor(int(str(contact_id)))
        return None if survivor is None or survivor.absence else survivor

    def is_secret(self, secret: str) -> bool:
        """Return whether `secret` is the token of the MA."""
        return fits(secret, self.world.tokens.ma)

    def read_points(self, lead: Lead) -> float:
        """Return Mautic's own points of a contact."""
        if self.settings.score_field == "points":
            return lead.score
        points_now: float = lead.fields.get("points") or 0
        return points_now


FACE: Any = Mautic
