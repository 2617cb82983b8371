"""The settings of warehouses: config/warehouse.yaml."""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from leadops.settings import Settings

#: The variable with the store of a Parquet target that names none.
WAREHOUSE_URL = "LEADOPS_WAREHOUSE_URL"


class ParquetSettings(Settings):
    """Parquet files in a store that fsspec reaches; without a url, that of LEADOPS_WAREHOUSE_URL."""

    kind: Literal["parquet"]
    url: str | None = None
    personal_url: str | None = None  # None: marts with personal data stay here


class BigQuerySettings(Settings):
    """A dataset of BigQuery, by an Airflow connection."""

    kind: Literal["bigquery"]
    connection: str = "google_cloud_default"
    project: str | None = None  # None: that of the connection
    dataset: str = Field(default="leadops", pattern=r"^[A-Za-z0-9_]{1,100}$")
    personal_dataset: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,100}$")
    location: str | None = None  # of a dataset that is created
    max_gib_billed: Annotated[float, Field(gt=0)] | None = None  # of one statement


TargetSettings = Annotated[ParquetSettings | BigQuerySettings, Field(discriminator="kind")]


class WarehouseSettings(Settings):
    """config/warehouse.yaml."""

    targets: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], TargetSettings]
    piece_rows: int = Field(ge=1, le=5_000_000)  # rows that are sent at once
    dollars_per_tib: float = Field(ge=0)


def list_warehouses(settings: WarehouseSettings, *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the warehouses that can be opened; none is opened."""
    return [
        name
        for name, target in settings.targets.items()
        if isinstance(target, BigQuerySettings) or target.url or environ.get(WAREHOUSE_URL)
    ]
