"""Opens the warehouses of warehouse.yaml."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadops.errors import ConfigError, PermanentError
from leadops.mask import remember_secrets
from leadops.warehouse.bigquery_errors import bigquery_errors
from leadops.warehouse.bigquery_target import BigQueryTarget
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.parquet_target import ParquetTarget
from leadops.warehouse.warehouse_settings import (
    WAREHOUSE_URL,
    BigQuerySettings,
    ParquetSettings,
    WarehouseSettings,
)

if TYPE_CHECKING:
    from google.cloud import bigquery

SCOPES = ("https://www.googleapis.com/auth/bigquery",)
GIB = 1024**3

#: Returns the fields of the Airflow connection of a name; empty: there is none.
FindConnection = Callable[[str], Mapping[str, Any]]


def open_warehouses(
    settings: WarehouseSettings,
    *,
    find_connection: FindConnection,
    clock: Callable[[], datetime],
    only: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[Warehouse]:
    """Return the warehouses, or the one that `only` names; a Parquet target without a url is left out.

    Raises PermanentError for a name that warehouse.yaml does not have.
    """
    if only and only not in settings.targets:
        raise PermanentError(f"warehouse.yaml has no target {only}; it has {', '.join(settings.targets)}")
    found = []
    for name, target in settings.targets.items():
        if only in (None, name):
            if isinstance(target, BigQuerySettings):
                found.append(_open_bigquery(name, target, find_connection, clock))
            elif url := target.url or environ.get(WAREHOUSE_URL):
                found.append(_open_parquet(name, target, url))
    return found


def _open_parquet(name: str, settings: ParquetSettings, url: str) -> Warehouse:
    personal = ParquetTarget(settings.personal_url) if settings.personal_url else None
    return Warehouse(name, ParquetTarget(url), personal)


def _open_bigquery(
    name: str, settings: BigQuerySettings, find_connection: FindConnection, clock: Callable[[], datetime]
) -> Warehouse:
    client = make_client(settings, find_connection(settings.connection))
    max_bytes = None if settings.max_gib_billed is None else int(settings.max_gib_billed * GIB)

    def open_dataset(dataset: str) -> BigQueryTarget:
        return BigQueryTarget(
            client, dataset=dataset, clock=clock, location=settings.location, max_bytes=max_bytes
        )

    personal = open_dataset(settings.personal_dataset) if settings.personal_dataset else None
    return Warehouse(name, open_dataset(settings.dataset), personal)


def make_client(settings: BigQuerySettings, connection: Mapping[str, Any]) -> "bigquery.Client":
    """Return Google's client by the fields of an Airflow connection, as Google's provider reads them.

    `keyfile_dict` or `key_path` of its extra is a service account's key; without them the machine's own
    account counts. `api_endpoint` is another address, and `anonymous` asks there without credentials.
    """
    try:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery
        from google.oauth2.service_account import Credentials
    except ImportError as error:
        raise ConfigError(
            "google-cloud-bigquery is not installed: pip install -r requirements-bigquery.txt"
        ) from error
    extra = {
        str(key).removeprefix("extra__google_cloud_platform__"): value
        for key, value in (connection.get("extra") or {}).items()
    }
    options: dict[str, Any] = {"project": settings.project or extra.get("project") or None}
    if endpoint := extra.get("api_endpoint"):
        options["client_options"] = {"api_endpoint": endpoint}
    with bigquery_errors():
        try:
            if extra.get("anonymous"):
                options["credentials"] = AnonymousCredentials()  # type: ignore[no-untyped-call]
            elif key := extra.get("keyfile_dict"):
                info = json.loads(key) if isinstance(key, str) else dict(key)
                remember_secrets([str(info.get("private_key", ""))])
                options["credentials"] = Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
            elif path := extra.get("key_path"):
                options["credentials"] = Credentials.from_service_account_file(path, scopes=SCOPES)  # type: ignore[no-untyped-call]
        except (ValueError, OSError) as error:
            raise ConfigError(
                f"the connection {settings.connection} has no usable key of a service account"
            ) from error
        return bigquery.Client(**options)
