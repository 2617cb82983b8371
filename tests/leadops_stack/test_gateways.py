import pytest

from leadops.errors import ConfigError
from leadops_stack.gateways import GATEWAYS
from leadops_stack.home import Home
from leadops_stack.variables import prepare_variables
from tests.leadops_stack.test_plan import list_parts


def test_two_gateways_share_the_port_and_each_has_one_of_its_own(home: Home) -> None:
    one, two = list_parts(home, {GATEWAYS: "1"}), list_parts(home, {GATEWAYS: "2"})
    assert one["gateway"].command[1:] == ("gateway", "--port", "8081")
    assert two.keys() - one.keys() == {"gateway-1", "gateway-2"}
    assert one.keys() - two.keys() == {"gateway"}
    for name, own in (("gateway-1", "8083"), ("gateway-2", "8084")):
        assert two[name].command[1:] == ("gateway", "--port", "8081", "--own-port", own)
        assert two[name].env == one["gateway"].env | {
            variable: value for variable, value in two[name].env.items() if variable == GATEWAYS
        }


def test_the_number_is_kept_until_another_is_given(home: Home) -> None:
    prepare_variables(home, {GATEWAYS: "2"})
    assert {"gateway-1", "gateway-2"} <= list_parts(home, {}).keys()
    assert "gateway" in list_parts(home, {GATEWAYS: "1"})


@pytest.mark.parametrize("number", ["0", "3", "two"])
def test_another_number_is_refused(home: Home, number: str) -> None:
    with pytest.raises(ConfigError, match=f"LEADOPS_GATEWAYS={number}: one machine runs 1 or 2 gateways"):
        prepare_variables(home, {GATEWAYS: number})
