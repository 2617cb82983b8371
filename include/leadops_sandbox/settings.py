"""What of the sandbox can be set: tokens at its start, behaviour also while it runs (`POST /_settings`)."""

import hmac
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

#: How the MA answers about a lead that is gone: with its words (`lead_deleted` …), with a 404 that says
#: nothing, or with its words for a deleted lead and, in place of a merged one, with the lead that survives.
AbsenceManner = Literal["words", "bare", "redirect"]


class Tokens(BaseModel):
    """What each stand-in takes as proof of who calls: a token, or several separated by commas (`fits`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ma: str = "sandbox-ma-token"
    crm: str = "sandbox-crm-token"
    slack: str = "xoxb-sandbox-token"
    webhook: str = "T/B/X"  # the path below /services/ of the incoming webhook
    pagerduty: str = "sandbox-pagerduty-routing-key-01"  # a routing key has 32 characters


class Behaviour(BaseModel):
    """How the stand-ins behave; a change is kept on disk with the rest of the state."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: For how many seconds the MA remembers an Idempotency-Key and a deltaId.
    ma_remember_seconds: float = Field(default=86_400, ge=0)
    #: How the MA answers about a lead that is gone.
    ma_absence: AbsenceManner = "words"
    #: The programs that the MA has, each with its steps; without one it takes any.
    ma_programs: dict[str, list[str]] = Field(default_factory=dict)
    #: Since when the CRM's activity feed stands still; null when it is fresh.
    crm_feed_stands_since: AwareDatetime | None = None
    #: Whether the feed is sorted by the time of the last change, with cursors [time, id].
    crm_feed_by_time: bool = False
    #: Whether the simulated salespeople work the leads they are given.
    sales_work: bool = True
    #: How many times faster than life they work.
    sales_speed: float = Field(default=1.0, gt=0)
    #: The share of leads that is taken late.
    sales_late_share: float = Field(default=0.25, ge=0, le=1)
    #: The seed of what they do; under this one the second lead is taken late, so a breach shows early.
    sales_seed: int = 4
    #: What differs from the settings in a product's table, by the product's name.
    products: dict[str, dict[str, Any]] = Field(default_factory=dict)


class BehaviourChange(BaseModel):
    """A change of some settings, as `POST /_settings` takes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ma_remember_seconds: float | None = Field(default=None, ge=0)
    ma_absence: AbsenceManner | None = None
    ma_programs: dict[str, list[str]] | None = None
    #: true: the feed stands still from now on; false: it is fresh again.
    crm_feed_late: bool | None = None
    crm_feed_by_time: bool | None = None
    sales_work: bool | None = None
    sales_speed: float | None = Field(default=None, gt=0)
    sales_late_share: float | None = Field(default=None, ge=0, le=1)
    sales_seed: int | None = None
    #: Settings of the product that is served; null sets one back to the table's value.
    product: dict[str, Any] | None = None

    def apply(self, before: Behaviour, *, now: datetime, product: str | None = None) -> Behaviour:
        """Return `before` with this change made at `now`, while `product` is served."""
        changed = self.model_dump(exclude_none=True, exclude={"crm_feed_late", "product"})
        if self.crm_feed_late is not None:
            changed["crm_feed_stands_since"] = (
                (before.crm_feed_stands_since or now) if self.crm_feed_late else None
            )
        if self.product is not None and product is not None:
            settings = before.products.get(product, {}) | self.product
            settings = {name: value for name, value in settings.items() if value is not None}
            changed["products"] = before.products | {product: settings}
        return before.model_copy(update=changed)


def fits(given: str, tokens: str) -> bool:
    """Return whether `given` is one of `tokens`, which commas separate: a product takes two for a while."""
    compared = [hmac.compare_digest(given.encode(), token.strip().encode()) for token in tokens.split(",")]
    return any(compared)


def tokens_from_environment(environment: Mapping[str, str] = os.environ) -> Tokens:
    """Return the tokens that AIRFLOW_CONN_LEADOPS_MA, _CRM, _SLACK and _PAGERDUTY hold, else the defaults.

    A Slack connection of type slackwebhook gives the webhook's path instead of a bot token.
    """
    found: dict[str, str] = {}
    for name in ("ma", "crm", "slack", "pagerduty"):
        text = environment.get(f"AIRFLOW_CONN_LEADOPS_{name.upper()}", "")
        connection = json.loads(text) if text else {}
        if password := connection.get("password"):
            found["webhook" if connection.get("conn_type") == "slackwebhook" else name] = password
    return Tokens(**found)
