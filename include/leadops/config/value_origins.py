"""Where each setting in force comes from, and which settings of a user's file change nothing."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from leadops.config.yaml_tree import ONLY, build_value, find_pair, place_of


class SettingInForce(NamedTuple):
    """A setting by its dotted key; `origin` is `shipped`, or FILE:LINE of the user's file."""

    key: str
    value: Any
    origin: str


def list_settings(tree: yaml.MappingNode, *, shipped: Collection[Path]) -> Iterator[SettingInForce]:
    """Yield what a section says, in the order of its file; lists and empty mappings are one value each.

    `shipped` are the files of the shipped section.
    """
    prefixes = tuple(f"{file}:" for file in shipped)
    for key, value in _leaves(tree):
        line = place_of(value.key)
        origin = "shipped" if line.startswith(prefixes) else line
        yield SettingInForce(key, build_value(value.node), origin)


def find_useless(own: yaml.MappingNode, shipped: yaml.MappingNode) -> Iterator[tuple[str, str]]:
    """Yield FILE:LINE and dotted key of each setting in `own` that has the shipped value anyway."""
    for key, leaf in _leaves(own):
        node: yaml.Node | None = shipped
        for step in leaf.path:
            pair = find_pair(node, step) if isinstance(node, yaml.MappingNode) else None
            node = pair[1] if pair else None
        if node is not None and build_value(node) == build_value(leaf.node):
            yield place_of(leaf.key), key


class _Leaf(NamedTuple):
    path: tuple[str, ...]
    key: yaml.Node
    node: yaml.Node


def _leaves(tree: yaml.MappingNode, path: tuple[str, ...] = ()) -> Iterator[tuple[str, _Leaf]]:
    for key, value in tree.value:
        place = (*path, str(key.value))
        if isinstance(value, yaml.MappingNode) and value.value and value.tag != ONLY:
            yield from _leaves(value, place)
        else:
            yield ".".join(place), _Leaf(place, key, value)
