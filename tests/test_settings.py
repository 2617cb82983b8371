"""Every file that cannot be read is refused with its name and line."""

from pathlib import Path

import pytest

from leadops.company import Company
from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.settings import list_secrets


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"time_zone: Asia/Tokyo\nlocale: \x07\n", r"company.yaml:2: holds the control character 0x07"),
        ("time_zone: Asia/Tokyo\n# café\n".encode("latin-1"), r"company.yaml:2: is not UTF-8"),
        (b"time_zone: [\n", r"company.yaml:\d: not valid YAML"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "company.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_section("company", Company, own=path)


def test_the_secrets_of_an_environment_are_those_of_connections_variables_and_urls() -> None:
    environ = {
        "AIRFLOW_CONN_LEADOPS_MA": '{"conn_type": "http", "password": "ma-token"}',
        "AIRFLOW_CONN_LEADOPS_CRM": "{broken",
        "AIRFLOW_CONN_OTHER": '{"conn_type": "http"}',
        "LEADOPS_DATABASE_URL": "postgresql://leadops:p%40ss@db:5432/leadops",
        "LEADOPS_FORM_SECRETS": "first, second",
        "LEADOPS_WRITE_KEY": "write",
        "LEADOPS_CONFIG_DIR": "/etc/leadops",
        "AIRFLOW__API__SECRET_KEY": "signs sessions",
        "PATH": "/bin",
    }
    assert list_secrets(environ) == ["ma-token", "p@ss", "first", "second", "write", "signs sessions"]
