"""The company's zone and language."""

from datetime import timedelta

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


def test_networks_and_wrong_times_are_read(tmp_path):
    path = tmp_path / "company.yaml"
    path.write_text(
        "internal:\n"
        "  networks: [203.0.113.0/24, 2001:db8:10::/48, '::ffff:198.51.100.7', 203.0.113.128/25]\n"
        "  networks_wrong: [{since: 2026-07-01T09:00:00+09:00, until: 2026-07-01T18:30:00+09:00}]\n"
    )
    internal = load_section("company", Company, own=path).settings.internal
    named = ("203.0.113.0/24", "2001:db8:10::/48", "198.51.100.7/32", "203.0.113.128/25")
    assert internal.networks == named
    (period,) = internal.networks_wrong
    assert (period.since.isoformat(), period.until - period.since) == (
        "2026-07-01T09:00:00+09:00",
        timedelta(hours=9, minutes=30),
    )
    assert Company.model_validate(SHIPPED.company.model_dump(mode="json")) == SHIPPED.company


@pytest.mark.parametrize(
    "line",
    [
        "{domains: [ours]}",
        '{domains: [""]}',
        "{addresses: [ann]}",
        "{domains: [a@b.example]}",
        "{networks: [0.0.0.0/0]}",
        "{networks: [10.0.0.0/24]}",
        "{networks: [office]}",
        "{networks_wrong: [{since: 2026-07-01T09:00:00+09:00, until: 2026-07-01T09:00:00+09:00}]}",
        "{networks_wrong: [{since: 2026-07-01T09:00:00, until: 2026-07-01T10:00:00}]}",
    ],
)
def test_what_is_no_domain_or_address_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "company.yaml"
    path.write_text(f"\ninternal: {line}\n")
    with pytest.raises(ConfigError, match=r"company\.yaml:2: "):
        load_section("company", Company, own=path)
