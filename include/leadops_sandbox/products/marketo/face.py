"""Marketo's face: one token for all, and three limits that answer inside HTTP 200."""

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.routing import Route

from leadops_sandbox.products.face import Face, VendorError, has_manner
from leadops_sandbox.products.marketo import activities, campaigns, leads, meta
from leadops_sandbox.products.table import ProductSettings, Table
from leadops_sandbox.products.tokens import TokenBook
from leadops_sandbox.products.windows import DayWindow, RollingWindow
from leadops_sandbox.world import World


class SmartCampaign(BaseModel):
    """A smart campaign, and how often it takes a lead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active: bool = True
    requestable: bool = True
    rule: Literal["once", "any", "interval"] = "once"
    days: int = 30


class MarketoSettings(ProductSettings):
    """What of Marketo can be set; the table says what each means."""

    batch_limit: int = Field(ge=1)
    body_limit: int = Field(ge=1)
    address_limit: int = Field(ge=1)
    filter_limit: int = Field(ge=1)
    match_limit: int = Field(ge=1)
    page: int = Field(ge=1)
    burst_limit: int = Field(ge=0)
    at_once: int = Field(ge=0)
    day_limit: int = Field(ge=0)
    zone: str
    client_id: str
    token_seconds: float = Field(gt=0)
    dedupe_lag_seconds: float = Field(ge=0)
    activity_ids: bool
    campaigns: dict[str, SmartCampaign]
    membership_lag_seconds: float = Field(ge=0)
    request_limit: int = Field(ge=1)


class Marketo(Face[MarketoSettings]):
    """Marketo over the world."""

    name = "marketo"
    is_crm = False
    keeps_log = True
    settings_type = MarketoSettings

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world, table)
        self.tokens = TokenBook()
        self.day, self.burst = DayWindow(), RollingWindow()
        self._answers = 0

    def routes(self) -> list[Route]:
        """Return Marketo's routes."""
        groups = (meta.routes, leads.routes, campaigns.routes, activities.routes)
        return [route for group in groups for route in group(self)]

    def admit(self, request: Request) -> None:
        """Check the token, then the limits; a call that has no token, or a wrong one, does not count."""
        settings, now = self.settings, self.now()
        if has_manner(request, "token_ended"):
            self.tokens.end_all(now)
        if request.url.path == "/identity/oauth/token":
            return
        if len(str(request.url.path)) + len(str(request.url.query)) > settings.address_limit:
            raise VendorError(414, None)
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            raise self.fault_error("600")
        if (state := self.tokens.check(token, now)) != "good":
            raise self.fault_error("602" if state == "expired" else "601")
        if self.calls_now > settings.at_once:
            raise self.fault_error("615")
        if not self.burst.take(now, limit=settings.burst_limit, seconds=20):
            raise self.fault_error("606")
        if not self.day.take(now, settings.zone, limit=settings.day_limit):
            raise self.fault_error("607")

    def fill_values(self) -> dict[str, str]:
        """Give each answer an id to ask about it by."""
        self._answers += 1
        return {"request": f"{self._answers:x}#{int(self.now().timestamp()):x}"}

    def local_now(self) -> datetime:
        """Return the time where the day's calls begin again."""
        return self.now().astimezone(ZoneInfo(self.settings.zone))


FACE: Any = Marketo
