"""HubSpot's face: who may call, its three limits and the headers that speak of them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import Route

from leadops_sandbox.products.face import Face
from leadops_sandbox.products.hubspot import associations, batch, contacts, mails, meta, search
from leadops_sandbox.products.table import ProductSettings, Table
from leadops_sandbox.products.windows import DayWindow, RollingWindow
from leadops_sandbox.settings import fits
from leadops_sandbox.world import World


class Workflow(BaseModel):
    """A workflow of contacts: the value of the property by which it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins_with: str
    enabled: bool = True
    #: Whether it takes a contact again.
    again: bool = True


class HubSpotSettings(ProductSettings):
    """What of HubSpot can be set; the table says what each means."""

    versions: list[str]
    batch_limit: int = Field(ge=1)
    multi_status: Literal["trace_ids", "always", "never"]
    takes_scalars: bool
    email_upsert: Literal["keeps", "refused"]
    merged_update: Literal["left_out", "survivor"]
    burst_limit: int = Field(ge=0)
    day_limit: int = Field(ge=0)
    search_limit: int = Field(ge=0)
    zone: str
    oauth: bool
    search_reach: int = Field(ge=1)
    search_page: int = Field(ge=1)
    filter_groups: int
    filters_in_group: int
    filters: int
    equal_order: Literal["id", "mixed"]
    portal_id: int
    workflows: dict[str, Workflow]


class HubSpot(Face[HubSpotSettings]):
    """HubSpot over the world."""

    name = "hubspot"
    fixed = Face.fixed | {"versions"}
    settings_type = HubSpotSettings

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world, table)
        self.day, self.burst, self.searches = DayWindow(), RollingWindow(), RollingWindow()
        self._answers = 0

    def routes(self) -> list[Route]:
        """Return HubSpot's routes."""
        groups = (
            *(search.routes, batch.routes, associations.routes),
            *(meta.routes, mails.routes, contacts.routes),
        )
        return [route for group in groups for route in group(self)]

    def admit(self, request: Request) -> None:
        """Check the token, then count the call: the day's, then the search's second or the ten seconds."""
        tokens = self.world.tokens
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not fits(given, f"{tokens.ma},{tokens.crm}"):
            raise self.fault_error("unauthorized")
        settings, now = self.settings, self.now()
        if not self.day.take(now, settings.zone, limit=settings.day_limit):
            raise self.fault_error("daily")
        if is_search(request):
            if not self.searches.take(now, limit=settings.search_limit, seconds=1):
                raise self.fault_error("secondly")
        elif not self.burst.take(now, limit=settings.burst_limit, seconds=10):
            raise self.fault_error("429")

    def dress(self, request: Request, headers: MutableHeaders) -> None:
        """Say what is left of the limits; search says nothing, and OAuth nothing of the day."""
        if is_search(request):
            return
        settings, now = self.settings, self.now()
        limits: dict[str, int] = {
            "Max": settings.burst_limit,
            "Remaining": max(0, settings.burst_limit - self.burst.look(now, seconds=10)),
            "Interval-Milliseconds": 10_000,
        }
        if not settings.oauth:
            used = self.day.look(now, settings.zone)
            limits |= {"Daily": settings.day_limit, "Daily-Remaining": max(0, settings.day_limit - used)}
        for name, value in limits.items():
            headers[f"X-HubSpot-RateLimit-{name}"] = str(value)

    def fill_values(self) -> dict[str, str]:
        """Give each error an id to correlate it by."""
        self._answers += 1
        return {"correlation": f"00000000-0000-4000-8000-{self._answers:012d}"}

    def object_paths(self, kind: str, rest: str = "") -> list[str]:
        """Return the paths of an object's route: those of v3 and each dated one."""
        dated = [f"/crm/objects/{version}/{kind}{rest}" for version in self.settings.versions]
        return [f"/crm/v3/objects/{kind}{rest}", *dated]


def is_search(request: Request) -> bool:
    """Return whether a call is a search, which has a limit of its own."""
    return request.url.path.endswith("/search")


FACE: Any = HubSpot
