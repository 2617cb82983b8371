"""The settings of the gateway: config/gateway.yaml."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from leadops.gateway.allowed_origins import compile_origin
from leadops.settings import Settings


def _check_origin(origin: str) -> str:
    compile_origin(origin)
    return origin


class RateSettings(Settings):
    """How much one address may send."""

    events_per_second: float = Field(gt=0)
    burst: float = Field(ge=1)  # events


class FormSettings(Settings):
    """POST /webhook/form."""

    renamed: ClassVar[dict[str, str]] = {"strangers": "unauthenticated"}

    window_minutes: float = Field(gt=0, le=60)  # minutes between X-Timestamp and our clock
    max_body_bytes: int = Field(ge=1024, le=1024 * 1024)
    max_tool_body_bytes: int = Field(ge=1024, le=16 * 1024 * 1024)
    signers: RateSettings
    unauthenticated: RateSettings


class SegmentSettings(Settings):
    """POST /v1/…: the libraries of Segment and RudderStack."""

    max_body_bytes: int = Field(ge=1024, le=16 * 1024 * 1024)  # of a call, decompressed
    max_event_bytes: int = Field(ge=1024)
    max_messages: int = Field(ge=1, le=10_000)
    max_context_bytes: int = Field(ge=1024, le=64 * 1024 * 1024)  # of all copies in a call


class GatewaySettings(Settings):
    """config/gateway.yaml."""

    allowed_origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    browsers: RateSettings
    senders: RateSettings
    forms: FormSettings
    segment: SegmentSettings
    max_addresses: int = Field(ge=1)
    max_events: int = Field(ge=1, le=500)
    max_body_bytes: int = Field(ge=1024, le=16 * 1024 * 1024)
    body_seconds: float = Field(gt=0)
    min_connections: int = Field(ge=1)
    max_connections: int = Field(ge=1)
    connection_seconds: float = Field(gt=0)
    database_seconds: float = Field(gt=0)
    retry_after_seconds: int = Field(ge=1)
    health_seconds: float = Field(gt=0)
    health_cache_seconds: float = Field(ge=0, le=60)
    metrics_cache_seconds: float = Field(ge=0, le=60)

    @property
    def answer_seconds(self) -> float:
        """How long a caller waits at most: for a connection, and then for the database."""
        return self.connection_seconds + self.database_seconds
