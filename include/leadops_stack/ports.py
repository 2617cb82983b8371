"""Which ports the stack listens on, and whether they are free."""

import socket
from collections.abc import Iterable, Mapping

from leadops.errors import ConfigError

#: The variable of each port and its default; every part listens on 127.0.0.1 only.
DEFAULT_PORTS = {
    "LEADOPS_PORT_AIRFLOW": 8080,
    "LEADOPS_PORT_GATEWAY": 8081,
    "LEADOPS_PORT_SANDBOX": 8082,
    "LEADOPS_PORT_POSTGRES": 5433,
    "LEADOPS_PORT_REDIS": 6380,
    "LEADOPS_PORT_GATEWAY_1": 8083,
    "LEADOPS_PORT_GATEWAY_2": 8084,
}


def read_ports(variables: Mapping[str, str]) -> dict[str, int]:
    """Return the port of each variable in DEFAULT_PORTS, as set in `variables` or the default.

    Raises ConfigError for an invalid port, or a port given twice.
    """
    ports: dict[str, int] = {}
    for variable, default in DEFAULT_PORTS.items():
        text = variables.get(variable) or str(default)
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise ConfigError(f"{variable}={text} is not a port; give a number from 1 to 65535")
        other = next((name for name, port in ports.items() if port == int(text)), None)
        if other:
            raise ConfigError(f"{variable} and {other} are both {text}; give each its own port")
        ports[variable] = int(text)
    return ports


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_free(ports: Mapping[str, int], variables: Iterable[str] = DEFAULT_PORTS) -> None:
    """Raise ConfigError that names every taken port and the variable that changes it."""
    taken = [
        f"port {ports[name]} is taken; set {name} to a free one"
        for name in variables
        if not is_free(ports[name])
    ]
    if taken:
        raise ConfigError("\n".join(taken))
