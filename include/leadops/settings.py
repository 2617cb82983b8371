"""What all settings models have in common; secrets and hosts, which come from connections."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from leadops.errors import ConfigError

#: How the names of variables end that hold a secret, or several with commas between.
SECRET_NAMES = ("_TOKEN", "_SECRET", "_SECRETS", "_PASSWORD", "_KEY")

#: The variables with the database's URL, each for a role of its own: tasks and commands, the owner who runs
#: the migrations, gateway and watchdog, pages and reports that need no personal data, the Lead ops page, who
#: may read the published personal data.
DATABASE_URL = "LEADOPS_DATABASE_URL"
OWNER_URL = "LEADOPS_OWNER_DATABASE_URL"
GATEWAY_URL = "LEADOPS_GATEWAY_DATABASE_URL"
READER_URL = "LEADOPS_READER_DATABASE_URL"
PAGE_URL = "LEADOPS_PAGE_DATABASE_URL"
PEOPLE_URL = "LEADOPS_PEOPLE_DATABASE_URL"


class Settings(BaseModel):
    """Base of every settings model: unknown keys are errors, and settings do not change under way.

    A field that stands in a shipped file has no default here: that file is the only place of it.
    """

    #: Renamed keys (old: new); the error about an old key names the new one.
    renamed: ClassVar[dict[str, str]] = {}

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def find_parts(cls) -> tuple[Path, ...]:
        """Return the shipped files that hold more of a section than the file of its name does."""
        return ()


class LinkedSettings(Settings):
    """Settings that also need those of the section `linked_section`; the configuration adds them."""

    linked_section: ClassVar[str]

    def link(self, section: Settings) -> Self:
        """Return these settings with those of the other section."""
        raise NotImplementedError


class Endpoint(Settings):
    """Where another system is, how to prove who we are, and how its product is set.

    All but `product_settings` are the facts of an Airflow connection.
    """

    base_url: str
    token: str = ""
    login: str = ""  # who asks for a token, where the product has names for that
    timeout: float = 10.0  # seconds; for each of connecting and waiting for the answer
    extra: dict[str, Any] = {}
    #: The section of products.yaml for the product that `extra` names; None: it has none.
    product_settings: SerializeAsAny[Settings] | None = None


def database_url(variable: str = DATABASE_URL, environ: Mapping[str, str] = os.environ) -> str:
    """Return the libpq URL of `variable` or else LEADOPS_DATABASE_URL; raise ConfigError when none is set."""
    url = environ.get(variable) or environ.get(DATABASE_URL, "")
    if not url:
        raise ConfigError(
            f"{DATABASE_URL} is not set; give it as postgresql://user:password@host:port/leadops"
        )
    return url


def mark_folder() -> Path | None:
    """Return LEADOPS_MARK_FOLDER, or None: then nobody notices that the database went back."""
    folder = os.environ.get("LEADOPS_MARK_FOLDER", "")
    return Path(folder) if folder else None


def disk_folders() -> list[Path]:
    """Return the folders of LEADOPS_DISK_FOLDERS, whose disks are watched beside those of logs and mark."""
    return [Path(folder) for folder in os.environ.get("LEADOPS_DISK_FOLDERS", "").split(os.pathsep) if folder]


def list_secrets(environ: Mapping[str, str]) -> list[str]:
    """Return the secrets in `environ`: of connections, of leadops' and Airflow's variables, of their URLs."""
    found = list[str]()
    for name, value in environ.items():
        if name.startswith("AIRFLOW_CONN_") and value.startswith("{"):
            with suppress(ValueError, AttributeError):
                password = str(json.loads(value).get("password") or "")
                found += sorted({password, *password.split(",")})
        elif name.startswith(("LEADOPS_", "AIRFLOW_")) and "://" in value:
            found.append(unquote(urlsplit(value).password or ""))
        elif name.startswith(("LEADOPS_", "AIRFLOW_")) and name.endswith(SECRET_NAMES):
            found += value.split(",")
    return [secret for secret in map(str.strip, found) if secret]


def endpoint_from_connection(connection: dict[str, Any]) -> Endpoint:
    """Turn an Airflow connection's fields (host, schema, port, login, password, extra) into an Endpoint."""
    extra = connection.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    host = str(connection.get("host") or "")
    if "://" not in host:
        host = f"{connection.get('schema') or 'https'}://{host}"
    if connection.get("port"):
        host = f"{host.rstrip('/')}:{connection['port']}"
    return Endpoint(
        base_url=str(extra.get("base_url") or host).rstrip("/"),
        token=connection.get("password") or "",
        login=connection.get("login") or "",
        timeout=float(extra.get("timeout", 10.0)),
        extra=extra,
    )


def endpoint(name: str) -> Endpoint:
    """Return the endpoint of `name` (ma, cdp, crm, slack) from AIRFLOW_CONN_LEADOPS_<NAME> (JSON).

    Raises ConfigError when the variable is missing or is not a JSON object.
    """
    variable = f"AIRFLOW_CONN_LEADOPS_{name.upper()}"
    text = os.environ.get(variable, "")
    if not text:
        raise ConfigError(f"{variable} is not set; give the connection as JSON, the token as its password")
    try:
        return endpoint_from_connection(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{variable} is not a connection in JSON; see docs/configuration.md") from error


def read_connection(conn_id: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the fields of AIRFLOW_CONN_<ID>, empty where it is not set; raise ConfigError for no JSON."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    try:
        fields = json.loads(environ.get(variable) or "{}")
        extra = fields.get("extra") or {}
        return {**fields, "extra": json.loads(extra) if isinstance(extra, str) else dict(extra)}
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{variable} is not a connection in JSON; see docs/configuration.md") from error


def postgres_url(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """Return a libpq URL with every part quoted."""
    return f"postgresql://{quote(user)}:{quote(password, safe='')}@{host}:{port}/{quote(database)}"
