"""All settings as one object that the wiring makes and passes on; nothing below it reads a file."""

import logging
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from leadops.company import InCompanyZone
from leadops.config.load_config import Section, load_section, shipped_file
from leadops.config.refused_file import RefusedFile
from leadops.config.settings_folder import FileState, read_folder
from leadops.config.settings_keeper import SettingsKeeper
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.settings import LinkedSettings, Settings

if TYPE_CHECKING:
    from leadops.attribution.attribution_settings import AttributionSettings
    from leadops.canary.canary_settings import CanarySettings
    from leadops.changes.change_settings import ChangeSettings
    from leadops.company import Company
    from leadops.consent.consent_settings import ConsentSettings
    from leadops.crm.feed_settings import FeedSettings
    from leadops.delivery.delivery_settings import DeliverySettings
    from leadops.economics.economics_settings import EconomicsSettings
    from leadops.events.event_settings import EventSettings
    from leadops.events.spam_settings import SpamSettings
    from leadops.funnel.funnel_settings import FunnelSettings
    from leadops.gateway.gateway_settings import GatewaySettings
    from leadops.housekeeping.retention_settings import RetentionSettings
    from leadops.identity.identity_settings import IdentitySettings
    from leadops.incidents.alert_settings import AlertSettings
    from leadops.lifecycle.kpi_contract import KpiContract
    from leadops.live.live_settings import LiveSettings
    from leadops.machines.machine_settings import MachineSettings
    from leadops.nurture.nurture_settings import NurtureSettings
    from leadops.products.product_settings import ProductsSettings
    from leadops.reports.report_settings import ReportSettings
    from leadops.routing.rep_settings import RepSettings
    from leadops.routing.routing_rules import RoutingRules
    from leadops.scoring.scoring_rules import RuleSet
    from leadops.sla.sla_policy import SlaPolicy
    from leadops.thresholds.threshold_context import ThresholdContext
    from leadops.thresholds.threshold_settings import ThresholdSettings
    from leadops.training.training_settings import TrainingSettings
    from leadops.warehouse.warehouse_settings import WarehouseSettings

log = logging.getLogger(__name__)
Model = TypeVar("Model", bound=Settings)

#: Section, which is also the file's name: its model, or what returns it, imported when it is first asked for.
SECTIONS = {
    "alerts": "leadops.incidents.alert_settings:AlertSettings",
    "attribution": "leadops.attribution.attribution_settings:AttributionSettings",
    "canary": "leadops.canary.canary_settings:CanarySettings",
    "changes": "leadops.changes.change_settings:ChangeSettings",
    "company": "leadops.company:Company",
    "consent": "leadops.consent.consent_settings:ConsentSettings",
    "delivery": "leadops.delivery.delivery_settings:DeliverySettings",
    "economics": "leadops.economics.economics_settings:EconomicsSettings",
    "events": "leadops.events.event_settings:EventSettings",
    "feeds": "leadops.crm.feed_settings:FeedSettings",
    "forms": "leadops.events.spam_settings:SpamSettings",
    "funnel": "leadops.funnel.funnel_settings:FunnelSettings",
    "gateway": "leadops.gateway.gateway_settings:GatewaySettings",
    "identity": "leadops.identity.identity_settings:IdentitySettings",
    "kpi": "leadops.lifecycle.kpi_contract:KpiContract",
    "live": "leadops.live.live_settings:LiveSettings",
    "machines": "leadops.machines.machine_settings:MachineSettings",
    "nurture": "leadops.nurture.nurture_settings:NurtureSettings",
    "products": "leadops.products.product_settings:find_products_settings",
    "reports": "leadops.reports.report_settings:ReportSettings",
    "reps": "leadops.routing.rep_settings:RepSettings",
    "retention": "leadops.housekeeping.retention_settings:RetentionSettings",
    "routing": "leadops.routing.routing_rules:RoutingRules",
    "scoring": "leadops.scoring.scoring_rules:RuleSet",
    "sla": "leadops.sla.sla_policy:SlaPolicy",
    "thresholds": "leadops.thresholds.threshold_settings:ThresholdSettings",
    "training": "leadops.training.training_settings:TrainingSettings",
    "warehouse": "leadops.warehouse.warehouse_settings:WarehouseSettings",
}

#: The sections that notifying on-call needs: whatever is wrong with a file, what is usable of it is used.
NOTIFYING = ("alerts", "company", "sla")

#: The sections that can move many leads at once: leadops.changes.moving_settings weighs what they say, and
#: until it is decided the former content is in force on all machines (docs/changes.md).
GATED = ("changes", "company", "identity", "kpi", "machines", "scoring")


class Config:
    """The shipped settings with those of a user's folder laid over them; it does not change.

    Each section is a file, read when it is first asked for and then kept: a task pays only for what it uses.
    Asking for a section raises ConfigError with file, line and fault where the file is wrong, and with a
    keeper only where no earlier settings can stay in force (docs/configuration.md#a-broken-file).
    """

    alerts: "AlertSettings"
    attribution: "AttributionSettings"
    canary: "CanarySettings"
    changes: "ChangeSettings"
    company: "Company"
    consent: "ConsentSettings"
    delivery: "DeliverySettings"
    economics: "EconomicsSettings"
    events: "EventSettings"
    feeds: "FeedSettings"
    forms: "SpamSettings"
    funnel: "FunnelSettings"
    gateway: "GatewaySettings"
    identity: "IdentitySettings"
    kpi: "KpiContract"
    live: "LiveSettings"
    machines: "MachineSettings"
    nurture: "NurtureSettings"
    products: "ProductsSettings"
    reports: "ReportSettings"
    reps: "RepSettings"
    retention: "RetentionSettings"
    routing: "RoutingRules"
    scoring: "RuleSet"
    sla: "SlaPolicy"
    thresholds: "ThresholdSettings"
    training: "TrainingSettings"
    warehouse: "WarehouseSettings"

    def __init__(
        self, folder: Path | None = None, keeper: SettingsKeeper | None = None, **sections: Settings
    ) -> None:
        """Take the user's files from `folder` (None: there are none); `sections` replace whole files."""
        self.__dict__.update(sections, folder=folder, keeper=keeper)

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings as the files say: LEADOPS_CONFIG_DIR is the user's folder."""
        return cls(_find_folder())

    @classmethod
    def in_force(
        cls,
        *,
        part: str,
        open_database: Callable[[], Connection],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        records: bool = True,
        needs_database: bool = True,
        warn: Callable[[object], None] = log.warning,
    ) -> Self:
        """Return the settings in force for a part of leadops (tasks, gateway) on this machine.

        They are those of the files, and the kept ones where a file is broken or gone (SettingsKeeper).
        """
        folder = _find_folder()
        keeper = SettingsKeeper(
            folder=folder,
            sections=SECTIONS,
            reader=f"{platform.node()} {part}",
            open_database=open_database,
            clock=clock,
            sleep=sleep,
            records=records,
            needs_database=needs_database,
            warn=warn,
            gated=GATED,
            moves_nobody=_moves_nobody,
        )
        return cls(folder, keeper)

    def replace(self, **sections: Settings) -> Self:
        """Return these settings with whole sections replaced."""
        return type(self)(**(self.__dict__ | sections))

    def find_own_file(self, section: str) -> Path | None:
        """Return the path of the user's file, or None where the shipped one stands alone."""
        folder: Path | None = self.__dict__["folder"]
        own = folder / f"{section}.yaml" if folder else None
        return own if own and os.path.lexists(own) else None

    def find_file(self, section: str) -> Path:
        """Return the path of the user's file where there is one, else of the shipped one."""
        return self.find_own_file(section) or shipped_file(section)

    def read_files(self, sections: Iterable[str]) -> Mapping[str, FileState]:
        """Return the user's files of `sections` as they are now, to see whether any of them changes."""
        return read_folder(self.__dict__["folder"], sections)

    def with_file(self, section: str, file: Path | None) -> Self:
        """Return these settings with `file` as the user's file of `section`; None: as they are."""
        return self.replace(**{section: self._read(section, file)}) if file else self

    def load_section(self, section: str) -> Section[Any]:
        """Read a section, together with the YAML nodes that say where each value comes from."""
        keeper: SettingsKeeper | None = self.__dict__["keeper"]
        if keeper:
            return keeper.read(section, find_model(section))
        return load_section(section, find_model(section), own=self.find_own_file(section))

    def read_all(self, sections: Iterable[str] = SECTIONS) -> Mapping[str, RefusedFile]:
        """Read all sections; return the refused files by section, which a keeper records."""
        for section in sections:
            try:
                getattr(self, section)
            except ConfigError:
                continue  # the keeper has recorded it; what needs the section raises again
        return self.refused

    @property
    def refused(self) -> Mapping[str, RefusedFile]:
        """The refused files among those read so far, by section; without a keeper they raise instead."""
        keeper: SettingsKeeper | None = self.__dict__["keeper"]
        return dict(keeper.refused) if keeper else {}

    @property
    def knows_kept(self) -> bool:
        """Whether the kept settings are known; without them a file that is gone is not missed."""
        keeper: SettingsKeeper | None = self.__dict__["keeper"]
        return keeper is not None and keeper.knows_kept

    def for_notifying(self) -> Self:
        """Return these settings with what is usable of those sections by which on-call is notified."""
        keeper: SettingsKeeper | None = self.__dict__["keeper"]
        if keeper is None:
            return self
        usable = {name: keeper.read_usable(name, find_model(name)).settings for name in NOTIFYING}
        company: Any = usable["company"]
        return self.replace(
            **{
                name: settings.in_company(company) if isinstance(settings, InCompanyZone) else settings
                for name, settings in usable.items()
            }
        )

    def _read(self, section: str, own: Path | None) -> Settings:
        return self._complete(load_section(section, find_model(section), own=own).settings)

    def _complete(self, settings: Settings) -> Settings:
        """Return settings with what they need of other sections."""
        if isinstance(settings, InCompanyZone):
            settings = settings.in_company(self.company)
        if isinstance(settings, LinkedSettings):
            settings = settings.link(getattr(self, settings.linked_section))
        return settings

    if not TYPE_CHECKING:  # so that a mistyped section is a type error

        def __getattr__(self, name: str) -> Settings:
            if name not in SECTIONS:
                raise AttributeError(f"there is no section {name!r}; the sections are {', '.join(SECTIONS)}")
            return self.__dict__.setdefault(name, self._complete(self.load_section(name).settings))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("settings do not change; Config.replace returns changed ones")


def collect_threshold_context(config: Config) -> "ThresholdContext":
    """Return the sections that the daily threshold depends on."""
    from leadops.thresholds.threshold_context import ThresholdContext

    return ThresholdContext(
        config.thresholds,
        config.kpi,
        config.sla,
        config.routing,
        config.company,
        config.changes,
        config.scoring.grades,
    )


def _moves_nobody(connection: Connection) -> bool:
    from leadops.changes.leads_with_points import has_points

    return not has_points(connection)


def _find_folder() -> Path | None:
    folder = os.environ.get("LEADOPS_CONFIG_DIR", "")
    return Path(folder) if folder else None


def find_model(section: str) -> type[Settings]:
    """Return the model of a section."""
    module, name = SECTIONS[section].split(":")
    found = getattr(import_module(module), name)
    model: type[Settings] = found if isinstance(found, type) else found()
    return model
