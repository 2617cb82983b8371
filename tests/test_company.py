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
