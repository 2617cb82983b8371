"""The company's zone and language."""

import pytest

from leadops.company import Company
from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from tests.shipped import SHIPPED


def test_the_default_is_tokyo_in_english():
    company = SHIPPED.company
    assert (company.zone.key, company.language) == ("Asia/Tokyo", "en")


@pytest.mark.parametrize("line", ["timezone: Tokyo", "timezone: ../etc", "language: fr"])
def test_what_does_not_exist_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "company.yaml"
    path.write_text(f"\n{line}\n")
    with pytest.raises(ConfigError, match=r"company\.yaml:2: "):
        load_section("company", Company, own=path)


@pytest.mark.parametrize(
    ("line", "domains", "addresses"),
    [
        ('{domains: [Ours.Example, "@mail.ours.example", ours.example.]}', 3, 0),
        ("{addresses: [Ann@Agency.Example]}", 0, 1),
        ("{domains: [日本語.example]}", 1, 0),
    ],
)
def test_our_own_are_named_as_leads_are(tmp_path, line, domains, addresses):
    path = tmp_path / "company.yaml"
    path.write_text(f"internal: {line}\n")
    internal = load_section("company", Company, own=path).settings.internal
    assert (len(internal.domains), len(internal.addresses)) == (domains, addresses)
    for name in (*internal.domains, *internal.addresses):
        assert name == name.lower()
        assert name.isascii()
        assert not name.startswith("@")
        assert not name.endswith(".")


@pytest.mark.parametrize(
    "line", ["{domains: [ours]}", '{domains: [""]}', "{addresses: [ann]}", "{domains: [a@b.example]}"]
)
def test_what_is_no_domain_or_address_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "company.yaml"
    path.write_text(f"\ninternal: {line}\n")
    with pytest.raises(ConfigError, match=r"company\.yaml:2: "):
        load_section("company", Company, own=path)
