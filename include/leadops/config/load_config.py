"""A user's settings are laid over the shipped ones, key by key, and checked by their model."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from leadops.config.model_keys import advise_on_key, find_annotation, find_model, is_removable
from leadops.config.refused_file import RefusedFile
from leadops.config.yaml_tree import NULL, ONLY, build_value, find_pair, parse_file, place_of
from leadops.errors import ConfigError
from leadops.settings import Settings

Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True)
class Section(Generic[Model]):
    """The settings of one file, and the nodes they came from: each knows its file and line."""

    settings: Model
    tree: yaml.MappingNode
    #: The user's file, where it is refused and earlier settings are in force.
    refused: RefusedFile | None = None
    #: Why the user's file is not in force though it is good; empty: it is in force.
    held: str = ""


def shipped_file(name: str) -> Path:
    """Return the path of the `name`.yaml that comes with leadops."""
    return Path(str(files("leadops.config").joinpath(f"{name}.yaml")))


def list_shipped_files(name: str, model: type[Settings]) -> list[Path]:
    """Return the files that the shipped section consists of: `name`.yaml, and the parts of its model."""
    return [shipped_file(name), *model.find_parts()]


def parse_shipped(name: str, model: type[Settings]) -> yaml.MappingNode:
    """Return the shipped settings of a section; raise ConfigError as `parse_file` does."""
    first, *parts = map(parse_file, list_shipped_files(name, model))
    pairs = [pair for tree in (first, *parts) for pair in tree.value]
    return yaml.MappingNode(first.tag, pairs, first.start_mark, first.end_mark)


def load_section(name: str, model: type[Model], *, own: Path | None = None) -> Section[Model]:
    """Return the shipped `name`.yaml with the user's file `own` laid over it.

    Mappings are merged key by key, lists are replaced whole. In a mapping whose keys are free (groups of
    rules, features) null removes an entry, and the tag !only takes the user's entries alone; elsewhere the
    model decides whether null is allowed. Raises ConfigError with file, line and fault: the user's file
    where the wrong key stands there, else the shipped one.
    """
    return lay_over_shipped(name, model, own=None if own is None else parse_file(own))


def lay_over_shipped(name: str, model: type[Model], *, own: yaml.MappingNode | None) -> Section[Model]:
    """Return the shipped `name`.yaml with `own`, a parsed file, laid over it, as `load_section` does."""
    tree = parse_shipped(name, model)
    if own is None:
        return Section(_validate(tree, model), tree)
    tree = overlay(tree, own, model)
    return Section(_validate(tree, model, own=own), tree)


def lay_usable_over_shipped(name: str, model: type[Model], *, own: yaml.MappingNode) -> Section[Model]:
    """Return the shipped `name`.yaml with those keys of `own` laid over it that the model accepts."""
    section = lay_over_shipped(name, model, own=None)
    usable: list[tuple[yaml.Node, yaml.Node]] = []
    for pair in own.value:
        tree = yaml.MappingNode(own.tag, [*usable, pair], own.start_mark, own.end_mark)
        try:
            section = lay_over_shipped(name, model, own=tree)
        except ConfigError:
            continue
        usable.append(pair)
    return section


def load_whole(name: str, model: type[Model], tree: yaml.MappingNode) -> Section[Model]:
    """Return the settings of `tree`, which an earlier version of leadops may have written whole.

    What that version did not know comes from the shipped `name`.yaml. Raises ConfigError where this version
    refuses what is there.
    """
    try:
        return Section(_validate(tree, model), tree)
    except ConfigError:
        return lay_over_shipped(name, model, own=tree)


def load_file(path: Path, model: type[Model]) -> Model:
    """Return the settings in `path` alone, such as a mapping of columns; errors are those of load_section."""
    return _validate(parse_file(path), model)


def overlay(base: yaml.MappingNode, own: yaml.MappingNode, annotation: object) -> yaml.MappingNode:
    """Return `base` with all keys of `own` laid over it; `annotation` is the type of both."""
    pairs = {(key.tag, str(key.value)): (key, value) for key, value in base.value}
    for key, value in own.value:
        name = (key.tag, str(key.value))
        known = pairs.get(name)
        if known and value.tag == NULL and is_removable(annotation):
            del pairs[name]
        elif known and _are_merged(known[1], value):
            pairs[name] = (key, overlay(known[1], value, find_annotation(annotation, [str(key.value)])))
        else:
            pairs[name] = (key, value)
    return yaml.MappingNode(base.tag, list(pairs.values()), own.start_mark, own.end_mark)


def _are_merged(base: yaml.Node, own: yaml.Node) -> bool:
    return isinstance(base, yaml.MappingNode) and isinstance(own, yaml.MappingNode) and own.tag != ONLY


def _validate(tree: yaml.MappingNode, model: type[Model], *, own: yaml.MappingNode | None = None) -> Model:
    """Return the settings in `tree`; validators find what the user's file `own` says in their context."""
    try:
        return model.model_validate(build_value(tree), context={"own": build_value(own)} if own else None)
    except ValidationError as error:
        file = own.start_mark.name if own else None
        faults = [_describe(fault, tree, model, file) for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from error
    except ConfigError:
        raise
    except Exception as error:  # a check of the model that did not foresee such a value
        file = (own or tree).start_mark.name
        raise ConfigError(f"{file}: cannot be understood as settings ({type(error).__name__})") from error


def _describe(fault: ErrorDetails, tree: yaml.MappingNode, model: type[Settings], own: str | None) -> str:
    location = fault["loc"]
    place = place_of(_find_node(tree, location))
    text = f"{place}: {'.'.join(map(str, location))}: {fault['msg']}"
    if fault["type"] == "extra_forbidden":
        inside = find_model(find_annotation(model, location[:-1]))
        text += f"; {advise_on_key(inside, str(location[-1]))}" if inside else ""
    if own is not None and not place.startswith(f"{own}:"):
        text += f" (the shipped setting; {own} can replace it, or take out an entry by null)"
    return text


def _find_node(tree: yaml.Node, location: tuple[int | str, ...]) -> yaml.Node:
    """Return the key of the setting at `location`, or of the nearest parent that the files have."""
    place = node = tree
    for step in location:
        if isinstance(node, yaml.MappingNode):
            if pair := find_pair(node, str(step)):  # else a union branch, which pydantic names too
                place, node = pair
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            place = node = node.value[step]
    return place
