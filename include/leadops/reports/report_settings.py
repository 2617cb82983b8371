"""The settings of reports: config/reports.yaml."""

import os
from pathlib import Path

from pydantic import Field

from leadops.settings import Settings


class ReportSettings(Settings):
    """config/reports.yaml; the defaults here are the ones of that file."""

    folder: str = Field("reports", min_length=1)  # a path
    rep_names: bool = False
    most_groups: int = Field(12, ge=2, le=40)  # rows
    min_answers: int = Field(5, ge=1)  # answers

    def place(self) -> Path:
        """Return the folder as a path: in AIRFLOW_HOME, which every worker can write, where that is set."""
        return Path(os.environ.get("AIRFLOW_HOME") or ".") / self.folder
