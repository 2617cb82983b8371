"""The settings of reports: config/reports.yaml."""

from pydantic import Field

from leadops.settings import Settings


class ReportSettings(Settings):
    """config/reports.yaml; the defaults here are the ones of that file."""

    folder: str = Field(".leadops/reports", min_length=1)
    rep_names: bool = False
    most_groups: int = Field(12, ge=2, le=40)  # rows
    min_answers: int = Field(5, ge=1)  # answers
