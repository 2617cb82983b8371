"""Where settings come from: YAML files checked by pydantic, secrets and hosts from connections."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from leadops.errors import ConfigError

Model = TypeVar("Model", bound="Settings")


class Settings(BaseModel):
    """Base of every settings model: unknown keys are errors, and settings do not change under way."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Endpoint(Settings):
    """Where another system is and how to prove who we are; the same facts as an Airflow connection."""

    base_url: str
    token: str = ""
    timeout: float = 10.0  # seconds; for each of connecting and waiting for the answer
    extra: dict[str, Any] = {}


def database_url() -> str:
    """Return LEADOPS_DATABASE_URL (a libpq URL); raise ConfigError when it is not set."""
    url = os.environ.get("LEADOPS_DATABASE_URL", "")
    if not url:
        raise ConfigError(
            "LEADOPS_DATABASE_URL is not set; give it as postgresql://user:password@host:port/leadops"
        )
    return url


def endpoint_from_connection(connection: dict[str, Any]) -> Endpoint:
    """Turn an Airflow connection's fields (host, schema, port, password, extra) into an Endpoint."""
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


def config_file(name: str) -> Path:
    """Return the path of `name`.yaml: the one in LEADOPS_CONFIG_DIR where there is one, else the default."""
    folder = os.environ.get("LEADOPS_CONFIG_DIR", "")
    if folder and (own := Path(folder) / f"{name}.yaml").is_file():
        return own
    return Path(str(files("leadops.config").joinpath(f"{name}.yaml")))


def load_config(name: str, model: type[Model], *, path: Path | None = None) -> Model:
    """Read `name`.yaml (or `path`) into `model`; raise ConfigError naming file, line and fault."""
    path = path or config_file(name)
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        return model.model_validate(yaml.safe_load(text) or {})
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{path}:{line}: holds the control character {error.character:#04x}; remove it"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error
    except ValidationError as error:
        faults = [
            f"{path}:{_line_of(tree, fault['loc'])}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise ConfigError("\n".join(faults)) from error


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Return the 1-based line of the setting at `location`, or of the nearest parent that the file has."""
    line = node.start_mark.line + 1 if node else 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if not found:
                continue  # pydantic names union branches too, which the file does not have
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def postgres_url(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """Return a libpq URL with every part quoted."""
    return f"postgresql://{quote(user)}:{quote(password, safe='')}@{host}:{port}/{quote(database)}"
