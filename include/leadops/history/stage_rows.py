"""`leadops import transitions`: rows become stages of leads that are known."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from leadops.history.import_mapping import Stage, StageSource, TransitionsMapping
from leadops.history.import_tables import count_impossible_orders
from leadops.history.lead_rows import read_dimension, read_name, read_reference
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.rate_rows import read_code
from leadops.history.value_source import RowCells, ValueSource
from leadops.identity.import_leads import find_owners
from leadops.lifecycle.crm_links import find_linked_leads
from leadops.lifecycle.import_stages import import_stages
from leadops.lifecycle.imported_cycles import ImportedStage
from leadops.tabular.cells import read_number
from leadops.tabular.file_row import BadRowError

STAGES = get_args(Stage)
#: Values are kept as numeric(18, 2).
_VALUE_BELOW = Decimal(10) ** 16
#: Totals are kept as integers; no rules give more.
MOST_POINTS = 1_000_000


class StageRecord(NamedTuple):
    """One stage of a row."""

    stage: str
    occurred_at: datetime
    reference: str
    campaign: str | None
    source: str | None
    value: Decimal | None
    evidence: dict[str, Any]
    currency: str | None = None


class TransitionRecord(NamedTuple):
    """A row of transitions: whose it is, and its stages."""

    crm_id: str | None
    email: str | None
    stages: list[StageRecord]


class StageRows:
    """Reads and writes rows of transitions."""

    def __init__(self, mapping: TransitionsMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> TransitionRecord:
        """Return what the row says; raise BadRowError."""
        stages = [stage for source in self._mapping.transitions if (stage := self._read_stage(source, cells))]
        crm_id, email = read_reference(self._mapping.lead, cells) if stages else (None, None)
        return TransitionRecord(crm_id, email, stages)

    def _read_stage(self, source: StageSource, cells: RowCells) -> StageRecord | None:
        if source.when and not source.when.holds(cells):
            return None
        stage = source.stage.read_text(cells) if isinstance(source.stage, ValueSource) else source.stage
        occurred_at = source.at.read(cells, zone=self._task.zone, now=self._task.now)
        if stage is None or (occurred_at is None and not source.when):
            return None
        if stage not in STAGES:
            raise BadRowError(
                f"the stage must be one of {', '.join(STAGES)}; give values in the mapping", stage
            )
        if occurred_at is None:
            raise BadRowError(f"{', '.join(source.at.columns)}: no time of the stage {stage}")
        evidence: dict[str, Any] = {"imported": self._task.file, "line": cells.number}
        if source.at.made_up:
            evidence["time"] = source.at.made_up
        if rep_id := read_name(source.rep_id, cells):
            evidence["rep_id"] = rep_id
        evidence |= self._read_knowledge(source, cells, stage, occurred_at)
        return StageRecord(
            stage,
            occurred_at,
            read_name(source.reference, cells) or "",
            read_dimension(source.campaign, cells, fold_case=self._task.fold_case),
            read_dimension(source.source, cells, fold_case=self._task.fold_case),
            _read_value(source.value, cells),
            evidence,
            read_code(source.currency, cells),
        )

    def _read_knowledge(
        self, source: StageSource, cells: RowCells, stage: str, occurred_at: datetime
    ) -> dict[str, Any]:
        """Return when the stage was recorded and with how many points, as far as the row says so."""
        known: dict[str, Any] = {}
        if source.recorded_at:
            recorded_at = source.recorded_at.read(cells, zone=self._task.zone, now=self._task.now)
            if recorded_at is not None and recorded_at < occurred_at:
                raise BadRowError(f"{source.recorded_at.name}: is before the stage itself", recorded_at)
            if recorded_at is not None:
                known["recorded_at"] = recorded_at.isoformat()
        if source.total and stage == "mql" and (total := source.total.read(cells)) is not None:
            known["total"] = read_points(total, source.total)
        return known

    def keys(self, record: TransitionRecord) -> list[str]:
        """Return by what the row is known."""
        whose = record.crm_id or record.email
        return [
            f"{whose}:{each.stage}:{each.occurred_at.isoformat()}:{each.reference}" for each in record.stages
        ]

    def identify(self, record: TransitionRecord) -> list[tuple[str, str, datetime]]:
        """Return the person's identifiers, of the day of the first stage."""
        pairs = (("crm_id", record.crm_id), ("email", record.email))
        times = [stage.occurred_at for stage in record.stages]
        return [(kind, value, min(times)) for kind, value in pairs if value and times]

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Bring the rows into the tables; return what became of each."""
        task = self._task
        records: list[TransitionRecord] = [row.record for row in rows]
        identifiers = [("crm_id", each.crm_id) for each in records if each.crm_id]
        identifiers += [("email", each.email) for each in records if each.email]
        owners = find_owners(task.connection, identifiers)
        linked = find_linked_leads(task.connection, [each.crm_id for each in records if each.crm_id])
        answers: list[Answer] = []
        stages: list[ImportedStage] = []
        places: list[int] = []
        for record in records:
            if not record.stages:
                answers.append("empty")
                continue
            known = {
                linked.get(record.crm_id or "") or owners.get(("crm_id", record.crm_id or "")),
                owners.get(("email", record.email or "")),
            } - {None}
            if len(known) != 1:
                answers.append(
                    BadRowError(
                        "crm_id and email belong to two leads; correct one of them"
                        if known
                        else "no lead has this crm_id or email; import the leads first"
                    )
                )
                continue
            lead = known.pop() or 0
            stages += [ImportedStage(lead, *each) for each in record.stages]
            places += [len(answers)] * len(record.stages)
            answers.append("known")
        news = import_stages(task.connection, stages, contract=task.contract, now=task.now)
        for place, is_new in zip(places, news, strict=True):
            if is_new:
                answers[place] = "new"
        self.impossible += self._count_impossible(stages)
        return answers

    def _count_impossible(self, stages: list[ImportedStage]) -> int:
        """Return how many of `stages` are in an impossible order."""
        return count_impossible_orders(
            self._task.connection,
            leads={stage.lead_id for stage in stages},
            lines=[stage.evidence["line"] for stage in stages if stage.evidence],
            file=self._task.file,
        )


def _read_value(source: ValueSource | None, cells: RowCells) -> Decimal | None:
    found = source.read(cells) if source else None
    if found is None or source is None:
        return None
    name = ", ".join(source.columns) or "value"
    value = read_number(found, name)
    if value != round(value, 2) or abs(value) >= _VALUE_BELOW:
        raise BadRowError(f"{name}: has more than two digits after the point, or is too large", value)
    return value


def read_points(value: Any, source: ValueSource) -> int:
    """Return whole points; raise BadRowError for anything else."""
    name = ", ".join(source.columns) or "total"
    points = read_number(value, name)
    if points != int(points) or abs(points) > MOST_POINTS:
        raise BadRowError(f"{name}: is not a whole number of points", value)
    return int(points)
