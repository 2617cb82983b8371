"""The settings of reports: config/reports.yaml."""

import os
from pathlib import Path

from pydantic import Field

from leadops.settings import Settings


class ReportSettings(Settings):
    """config/reports.yaml."""

    folder: str = Field(min_length=1)  # a path
    rep_names: bool
    most_groups: int = Field(ge=2, le=40)  # rows
    min_answers: int = Field(ge=1)  # answers

    def place(self) -> Path:
        """Return the folder as a path: in AIRFLOW_HOME, which every worker can write, where that is set."""
        return Path(os.environ.get("AIRFLOW_HOME") or ".") / self.folder
