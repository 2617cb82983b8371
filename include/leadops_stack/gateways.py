"""How many gateways take events on one machine: one, or two that share its port."""

from collections.abc import Mapping

from leadops.errors import ConfigError

#: The variable of `make up GATEWAYS=2`.
GATEWAYS = "LEADOPS_GATEWAYS"
#: The port that two of them share, and the one that each has besides, for its health.
SHARED_PORT = "LEADOPS_PORT_GATEWAY"
OWN_PORTS = {"gateway-1": "LEADOPS_PORT_GATEWAY_1", "gateway-2": "LEADOPS_PORT_GATEWAY_2"}


def choose_gateways(text: str) -> str:
    """Return the number of gateways that `text` says; empty means one. Raises ConfigError for any other."""
    if text not in ("", "1", "2"):
        raise ConfigError(f"{GATEWAYS}={text}: one machine runs 1 or 2 gateways")
    return text or "1"


def list_gateways(values: Mapping[str, str]) -> dict[str, str]:
    """Return the gateways of an installation with these variables: the variable of the port of its health."""
    return OWN_PORTS if choose_gateways(values.get(GATEWAYS, "")) == "2" else {"gateway": SHARED_PORT}
