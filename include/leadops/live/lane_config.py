"""What a live lane works by: the settings of its stages, and what does not change while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_guard import EffectGuard
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.live.live_settings import LiveSettings
from leadops.machines.machine_settings import MachineSettings
from leadops.routing.routing_rules import RoutingRules
from leadops.scoring.scoring_rules import RuleSet
from leadops.settings import Endpoint


@dataclass(frozen=True)
class LaneConfig:
    """The settings of the stages. `source` names the rule file as that of a live lane (scoring.active_rules).

    `ma` is None where no connection to the MA is configured: then the lane sends nothing.
    """

    settings: LiveSettings
    identity: IdentitySettings
    scoring: RuleSet
    source: str
    machines: MachineSettings
    zone: ZoneInfo
    fold_case: bool
    kpi: KpiContract
    routing: RoutingRules
    delivery: DeliverySettings
    ma: Endpoint | None


@dataclass(frozen=True)
class LaneWiring:
    """What stays as it is: the database, the lane's name, the clock (UTC), and what guards deliveries.

    `read_config` returns the settings in force, or None where they are as they were the last time; its
    argument is the number of what was put in force last (config.gated_settings). It may raise LeadopsError.
    """

    name: str
    database_url: str = field(repr=False)
    clock: Callable[[], datetime]
    read_config: Callable[[int], LaneConfig | None]
    mark: DatabaseMark | None = None
    guards: Sequence[EffectGuard] = ()
    #: Called whenever the lane has put on record that it works.
    after_beat: Callable[[], None] = lambda: None
