"""A gateway before the lane, and an MA behind it."""

from tests.delivery_fixture import desk, ma_url
from tests.gateway.conftest import serve

__all__ = ["desk", "ma_url", "serve"]
