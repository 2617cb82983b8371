"""A gateway to send to, and the environment of a command."""

from tests.gateway.conftest import item, serve

__all__ = ["item", "serve"]
