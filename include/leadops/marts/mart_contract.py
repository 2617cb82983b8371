"""The contract of the marts: contract.yaml as objects, and what a change of it breaks for readers."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

CONTRACT_FILE = Path(__file__).with_name("contract.yaml")
#: The contract of the last release, to which the present one is compared.
RELEASED_FILE = Path(__file__).with_name("released_contract.yaml")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class History(StrEnum):
    """How a mart keeps what was known before."""

    VERSIONS = "versions"  # mart.versions follows each change
    APPEND_ONLY = "append_only"  # rows are never changed
    LIVE = "live"  # what is known now, and no more


class MartColumn(_Model):
    """A column: its type as PostgreSQL spells it, its meaning, and the tests that it keeps."""

    name: str
    data_type: str
    description: str
    data_tests: tuple[str, ...] = ()

    @property
    def may_be_null(self) -> bool:
        """Whether a reader has to expect null."""
        return "not_null" not in self.data_tests


class MartMeta(_Model):
    """What leadops says of a mart beyond dbt; `replaced_by`: the next version, which stands beside it."""

    version: int
    grain: str
    key: tuple[str, ...]
    history: History
    personal: bool
    replaced_by: str | None = None


class _MartConfig(_Model):
    """dbt's config of a table: its own words for the two times."""

    event_time: str
    loaded_at_field: str
    meta: MartMeta


class Mart(_Model):
    """A published table or view."""

    name: str
    description: str
    config: _MartConfig
    columns: tuple[MartColumn, ...]

    @property
    def meta(self) -> MartMeta:
        """What leadops says of it beyond dbt."""
        return self.config.meta

    @property
    def relations(self) -> tuple[str, ...]:
        """The names of its view, and of that with its versions if it has some."""
        if self.meta.history is not History.VERSIONS:
            return (self.name,)
        singular = self.name[:-2] if self.name.endswith("sses") else self.name.removesuffix("s")
        return self.name, f"{singular}_versions"


class MartContract(_Model):
    """Every mart by its name."""

    marts: Mapping[str, Mart] = Field(default_factory=dict)


@cache
def read_contract(path: Path = CONTRACT_FILE) -> MartContract:
    """Read a contract; raises ValidationError where the file does not have its format."""
    return parse_contract(yaml.safe_load(path.read_text(encoding="utf-8")))


def parse_contract(document: Mapping[str, Any]) -> MartContract:
    """Return the contract that a YAML document of dbt's sources holds."""
    (source,) = document["sources"]
    marts = [Mart.model_validate(table) for table in source["tables"]]
    return MartContract(marts={mart.name: mart for mart in marts})


def find_breaking_changes(former: MartContract, present: MartContract) -> list[str]:
    """Return what readers of `former` would miss or misread under `present`, a sentence each.

    A mart may go once a release has named the one that replaces it. New marts and columns break nothing.
    """
    return [
        change for name, mart in former.marts.items() for change in _compare(mart, present.marts.get(name))
    ]


def _compare(former: Mart, present: Mart | None) -> Iterator[str]:
    name = former.name
    if present is None:
        if former.meta.replaced_by is None:
            yield f"{name} is gone: keep it for a release, with `replaced_by` of its meta"
        return
    if present.meta.key != former.meta.key:
        yield f"{name} has the key {_list(present.meta.key)}, which was {_list(former.meta.key)}"
    if present.meta.grain != former.meta.grain:
        yield f"{name} has the grain {present.meta.grain!r}, which was {former.meta.grain!r}"
    if present.meta.personal and not former.meta.personal:
        yield f"{name} is personal now, so its readers may no longer read it"
    if present.meta.history is not former.meta.history:
        yield f"{name} has the history {present.meta.history}, which was {former.meta.history}"
    columns = {column.name: column for column in present.columns}
    for column in former.columns:
        yield from _compare_columns(name, column, columns.get(column.name))


def _compare_columns(mart: str, former: MartColumn, present: MartColumn | None) -> Iterator[str]:
    name = f"{mart}.{former.name}"
    if present is None:
        yield f"{name} is gone"
        return
    if present.data_type != former.data_type:
        yield f"{name} is {present.data_type}, which was {former.data_type}"
    for test in former.data_tests:
        if test not in present.data_tests:
            yield f"{name} is no longer {test}"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words)
