"""One run of one task: what differs from run to run, and the way to the database and the other systems."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from leadops.calendar.local_days import last_whole_day
from leadops.clients.chat import Chat
from leadops.clients.pagerduty import Pager
from leadops.configuration import Config
from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.incidents.alert_settings import AlertSettings
from leadops.lanes import Lane
from leadops.products.product_settings import add_product_settings
from leadops.settings import Endpoint

#: How Airflow calls the kinds of run that matter here.
SCHEDULED, MANUAL, BACKFILL = "scheduled", "manual", "backfill"


@dataclass(frozen=True)
class TaskRun:
    """A run, as its task sees it. Times are in UTC; the data interval is [start, end)."""

    dag_id: str
    task_id: str
    run_id: str
    run_type: str
    started_at: datetime
    start: datetime
    end: datetime
    config: Config
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    #: Each call opens a connection, named after the task; it commits and closes at the end of its `with`.
    open_database: Callable[[], Connection]
    #: The endpoint of a system: ma, crm, cdp.
    find_endpoint: Callable[[str], Endpoint]
    #: Slack, posting into the channel of the settings.
    open_chat: Callable[[AlertSettings], Chat]
    #: The fields of any other Airflow connection; empty: there is none of that name.
    find_connection: Callable[[str], Mapping[str, Any]] = lambda _: {}
    #: PagerDuty; None where it is off.
    open_pager: Callable[[], Pager | None] = lambda: None
    #: Where Airflow writes the logs of tasks on this machine; None: not within Airflow.
    log_folder: Path | None = None
    #: Recognises people who were erased.
    erased: ErasedFilter = field(default_factory=ErasedFilter)
    params: Mapping[str, Any] = field(default_factory=dict)
    #: Where Airflow's pages are, for links to runs; empty: as alerts.yaml says.
    airflow_url: str = ""
    try_number: int = 1

    def find_product(self, name: str) -> Endpoint:
        """Return the endpoint of a system with the settings of the product that its connection names."""
        return add_product_settings(self.find_endpoint(name), self.config.products)

    @property
    def is_backfill(self) -> bool:
        """Whether an engineer's backfill made this run."""
        return self.run_type == BACKFILL

    @property
    def lane(self) -> Lane:
        """The lane in which the run's changes go out."""
        return Lane.BACKFILL if self.is_backfill else Lane.LIVE

    @property
    def day(self) -> date:
        """The last day of the company's zone that was over when the run's interval ended."""
        return last_whole_day(self.end, self.config.company.zone)

    @property
    def end_date(self) -> date:
        """The date in the company's zone on which the run's interval ended."""
        return self.end.astimezone(self.config.company.zone).date()

    @property
    def alerts(self) -> AlertSettings:
        """The settings of alerts, with this Airflow's address for links to runs."""
        update = {"airflow_base_url": self.airflow_url} if self.airflow_url else {}
        return self.config.alerts.model_copy(update=update)
