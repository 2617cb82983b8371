import pytest

from leadops.errors import ConfigError
from leadops.intake.tool_secrets import ToolSecrets
from tests.shipped import SHIPPED

SECRET, OTHER = "s" * 16, "o" * 16


def test_the_environment_names_the_tool() -> None:
    secrets = ToolSecrets.of(
        {
            "LEADOPS_FORM_SECRETS": "of our own contract",
            "LEADOPS_FORM_TYPEFORM_SECRETS": f"{SECRET}, {OTHER}",
            f"LEADOPS_FORM_{'OUR_FORMS'}_SECRETS": SECRET,
            "LEADOPS_FORM_FACEBOOK_TOKEN": OTHER,
            "LEADOPS_FORM_GOOGLE_SECRETS": " ",
            f"LEADOPS_FORM_{'WEBFLOW'}_TOKEN": "",
        }
    )
    assert secrets.secrets == {"typeform": (SECRET, OTHER), "our_forms": (SECRET,)}
    assert secrets.tokens == {"facebook": (OTHER,)}
    assert SECRET not in repr(secrets)
    assert OTHER not in repr(secrets)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEADOPS_FORM_TYPEFORM_SECRETS", "tiny"),
        ("LEADOPS_FORM_TYPEFORM_SECRETS", f"{SECRET},{SECRET}"),
        ("LEADOPS_FORM_TYPEFORM_SECRETS", f"{SECRET},{OTHER},{'t' * 16}"),
        ("LEADOPS_FORM_FACEBOOK_TOKEN", "tiny"),
    ],
)
def test_a_weak_secret_is_refused_by_its_name_alone(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as raised:
        ToolSecrets.of({name: value})
    assert value not in str(raised.value)


def test_a_tool_says_what_it_still_needs() -> None:
    secrets, tools = ToolSecrets({"hubspot": (SECRET,), "webflow": (SECRET,)}), SHIPPED.forms.tools
    assert secrets.find_missing("webflow", tools["webflow"]) is None
    assert "LEADOPS_FORM_TYPEFORM_SECRETS" in str(secrets.find_missing("typeform", tools["typeform"]))
    assert "tools.hubspot.url" in str(secrets.find_missing("hubspot", tools["hubspot"]))


def test_every_shipped_tool_has_its_variable() -> None:
    names = (
        "LEADOPS_FORM_HUBSPOT_SECRETS",
        "LEADOPS_FORM_TYPEFORM_SECRETS",
        "LEADOPS_FORM_WEBFLOW_SECRETS",
        "LEADOPS_FORM_FACEBOOK_SECRETS",
        "LEADOPS_FORM_GOOGLE_SECRETS",
    )
    assert ToolSecrets.of(dict.fromkeys(names, SECRET)).secrets.keys() == SHIPPED.forms.tools.keys()
