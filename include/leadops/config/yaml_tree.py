"""A settings file as YAML nodes, each of which knows its file and line; parsed once."""

import io
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from leadops.errors import ConfigError

#: libyaml's parser is ten times faster; PyYAML built without it gives the same result.
SafeLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NULL = "tag:yaml.org,2002:null"

#: Collections within each other that a file may have.
MAX_DEPTH = 100

#: `features: !only {…}` in a user's file: these entries alone, none of the shipped ones.
ONLY = "!only"


class _NamedBytes(io.BytesIO):
    """A stream with a name: the marks of all nodes take it over."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


class _Constructor(SafeConstructor):
    """Reports a value that its type cannot hold (the date 2026-02-30) with its line, as other faults."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError) as error:
            raise ConstructorError(None, None, str(error), node.start_mark) from error


_Constructor.add_constructor(ONLY, SafeConstructor.construct_yaml_map)  # type: ignore[type-var]


def empty_mapping(path: Path) -> yaml.MappingNode:
    """Return the node of a file without settings."""
    mark = yaml.Mark(str(path), 0, 0, 0, None, 0)
    return yaml.MappingNode("tag:yaml.org,2002:map", [], mark, mark)


def parse_file(path: Path) -> yaml.MappingNode:
    """Return the mapping in `path`; raise ConfigError as `parse_content` does, or where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_content(content, path)


def parse_content(content: bytes, path: Path) -> yaml.MappingNode:
    """Return the mapping in `content`, the bytes of the file `path`; comments alone are an empty mapping.

    Raises ConfigError with file and line: for what is empty, for what is not YAML or not UTF-8, for a
    duplicate key, and for a file whose top level is not a mapping.
    """
    try:
        text = content.decode("utf-8")
        _check_depth(content, path)
        loader = SafeLoader(_NamedBytes(content, str(path)))
        node = loader.get_single_node()
        _check_mappings(node, loader, seen=set())
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from error
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes, PyYAML's own reader characters.
        if issubclass(SafeLoader, yaml.reader.Reader):
            line = text.count("\n", 0, error.position) + 1
        else:
            line = content.count(b"\n", 0, error.position) + 1
        raise ConfigError(
            f"{path}:{line}: holds the control character {error.character:#04x}; remove it"
        ) from error
    except yaml.MarkedYAMLError as error:
        raise _not_valid(path, error) from error
    if node is None or (node.tag == NULL and not node.value):
        if not any(line.lstrip().startswith("#") for line in text.splitlines()):
            raise ConfigError(
                f"{path}:1: the file is empty; put its settings back, or a comment if it has none of its own"
            )
        return empty_mapping(path)
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}:{line_of(node)}: the file must hold settings as `key: value`")
    return node


def serialize_tree(tree: yaml.MappingNode) -> str:
    """Return the settings in `tree` as YAML in ASCII, without comments; `parse_content` reads it back."""
    text: str = yaml.serialize(tree, Dumper=yaml.SafeDumper)
    return text


def build_value(node: yaml.Node) -> Any:
    """Return what `node` says, as Python values; raise ConfigError naming file and line."""
    try:
        return _Constructor().construct_document(node)
    except yaml.MarkedYAMLError as error:
        path = error.problem_mark.name if error.problem_mark else node.start_mark.name
        raise _not_valid(Path(path), error) from error


def line_of(node: yaml.Node) -> int:
    """Return the 1-based line on which `node` begins."""
    return int(node.start_mark.line) + 1


def place_of(node: yaml.Node) -> str:
    """Return FILE:LINE of `node`."""
    return f"{node.start_mark.name}:{line_of(node)}"


def find_pair(node: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return key and value of `key` in `node`, or None."""
    return next((pair for pair in reversed(node.value) if pair[0].value == key), None)


def _check_depth(content: bytes, path: Path) -> None:
    """Refuse what is nested so deeply that libyaml would end the process; the check reads no usual file."""
    if sum(map(content.count, (b"[", b"{", b"- ", b"? "))) < MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(content, Loader=SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ConfigError(f"{path}:{line}: is nested too deeply")


def _check_mappings(node: yaml.Node | None, loader: Any, *, seen: set[int]) -> None:
    """Refuse keys that a mapping has twice, and put merged keys (<<) in their place."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            first = keys.setdefault((key.tag, str(key.value)), key)
            if first is not key:
                problem = f"duplicate key {key.value}, first in line {line_of(first)}"
                raise ConstructorError(None, None, problem, key.start_mark)
        loader.flatten_mapping(node)
        for _, value in node.value:
            _check_mappings(value, loader, seen=seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_mappings(value, loader, seen=seen)


def _not_valid(path: Path, error: yaml.MarkedYAMLError) -> ConfigError:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return ConfigError(f"{path}:{line}: not valid YAML: {error.problem}")
