import socket

import pytest

from leadops.errors import ConfigError
from leadops_stack.ports import DEFAULT_PORTS, check_free, is_free, read_ports

from ..conftest import free_port


def test_what_is_not_set_is_the_default() -> None:
    assert read_ports({"LEADOPS_PORT_AIRFLOW": "9000"}) == {**DEFAULT_PORTS, "LEADOPS_PORT_AIRFLOW": 9000}


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=f"LEADOPS_PORT_GATEWAY={text} is not a port"):
        read_ports({"LEADOPS_PORT_GATEWAY": text})


def test_one_port_given_twice_is_named() -> None:
    with pytest.raises(ConfigError, match="LEADOPS_PORT_GATEWAY and LEADOPS_PORT_AIRFLOW are both 9000"):
        read_ports({"LEADOPS_PORT_AIRFLOW": "9000", "LEADOPS_PORT_GATEWAY": "9000"})


def test_every_taken_port_is_named_with_its_variable() -> None:
    with socket.socket() as one, socket.socket() as other:
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        ports = {"PORT_A": one.getsockname()[1], "PORT_B": other.getsockname()[1]}
        ports["PORT_C"] = free = free_port()
        with pytest.raises(ConfigError) as refused:
            check_free(ports, ports)
    assert str(refused.value).splitlines() == [
        f"port {ports[name]} is taken; set {name} to a free one" for name in ("PORT_A", "PORT_B")
    ]
    assert is_free(free)
