"""What of the settings can move leads at once: everything else takes effect without being weighed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from leadops.changes.change_settings import ChangeSettings
from leadops.company import Company
from leadops.config.gated_settings import restore_settings
from leadops.identity.apply_merges import MERGE_SETTINGS
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.kpi_contract import KpiContract, KpiVersion
from leadops.machines.machine_settings import MachineSettings
from leadops.scoring.scoring_rules import RuleSet
from leadops.settings import Settings

#: The sections that can move leads, with their models; a new list joins by its section here and its field
#: in MovingSettings.describe (docs/changes.md).
MODELS: Mapping[str, type[Settings]] = {
    "changes": ChangeSettings,
    "company": Company,
    "identity": IdentitySettings,
    "kpi": KpiContract,
    "machines": MachineSettings,
    "scoring": RuleSet,
}


class MqlSpan(NamedTuple):
    """A version of the contract that is or will be in force; `since` None: it is."""

    version: KpiVersion
    since: datetime | None


@dataclass(frozen=True)
class MovingSettings:
    """The sections by which leads get points, grades and stages."""

    changes: ChangeSettings
    company: Company
    identity: IdentitySettings
    contract: KpiContract
    machines: MachineSettings
    rules: RuleSet

    @classmethod
    def from_sections(cls, sections: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the settings of recorded `sections`; raise ConfigError where this version refuses them."""
        read: dict[str, Any] = {}
        for name, model in MODELS.items():
            read[name] = restore_settings(name, model, sections[name])
        contract = read["kpi"].in_company(read["company"])
        return cls(
            read["changes"],
            read["company"],
            read["identity"],
            contract,
            read["machines"],
            read["scoring"],
        )

    def list_mql_spans(self, now: datetime) -> list[MqlSpan]:
        """Return the version in force at `now` and those that follow."""
        active = self.contract.active_version(now)
        later = [
            MqlSpan(span.version, span.since)
            for span in self.contract.spans()
            if span.since is not None and span.since > now
        ]
        return [MqlSpan(active, None), *later]

    def describe_points(self) -> str:
        """Return what decides points, as a hash."""
        return self.rules.hash(self.company.zone)

    def describe_merges(self) -> dict[str, Any]:
        """Return what decides who is one person."""
        return self.identity.model_dump(mode="json", include=set(MERGE_SETTINGS))

    def describe_internal(self) -> dict[str, Any]:
        """Return who counts for nothing."""
        return self.company.internal.model_dump(mode="json")

    def describe(self, now: datetime) -> dict[str, Any]:
        """Return all that can move leads from `now` on, as JSON."""
        return {
            "points": self.describe_points(),
            "grades": self.rules.grades.model_dump(mode="json"),
            "merges": self.describe_merges(),
            "internal": self.describe_internal(),
            "machines": self.machines.hash(),
            "mqls": [
                [span.version.version, span.since and span.since.isoformat(), span.version.mql.model_dump()]
                for span in self.list_mql_spans(now)
            ],
            "limits": self.changes.model_dump(mode="json"),
        }
