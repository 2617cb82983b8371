"""Brings real exports in by the mappings of the docs; where a file is missing the test says so."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from leadops.cli.read_mapping import read_mapping
from leadops.db import Connection
from leadops.history.import_file import import_file
from leadops.history.outcomes import ImportResult
from tests.shipped import import_settings

ROOT = Path(__file__).parents[2]
REAL = ROOT / os.environ.get("LEADOPS_REAL_DATA", "../shared/data")
OLIST_LEADS = REAL / "olist_funnel" / "olist_marketing_qualified_leads_dataset.csv"
OLIST_DEALS = REAL / "olist_funnel" / "olist_closed_deals_dataset.csv"
XEDUCATION = REAL / "xeducation" / "Leads.csv"


def bring_in(connection: Connection, kind: str, path: Path, mapping: str, *, now: datetime) -> ImportResult:
    if not path.is_file():
        pytest.skip(f"NOT TESTED: {path} is missing; set LEADOPS_REAL_DATA to the folder of real data")
    columns = read_mapping(kind, ROOT / "docs" / "mappings" / f"{mapping}.yaml")
    return import_file(connection, kind=kind, path=path, mapping=columns, now=now, **import_settings())


def bring_in_olist(connection: Connection, *, now: datetime) -> list[ImportResult]:
    return [
        bring_in(connection, "leads", OLIST_LEADS, "olist_leads", now=now),
        bring_in(connection, "transitions", OLIST_LEADS, "olist_mqls", now=now),
        bring_in(connection, "transitions", OLIST_DEALS, "olist_deals", now=now),
    ]
