"""Which named statements a process can run: from its entries along the names that its code uses.

A node is what a module defines at its top: a function, a class or a constant; of a class, each method is a
node of its own. A function leads to every name in its body, a class to its fields, decorators and base
classes, and to each of its methods whose name any reached code uses. So what is reached may be too much, and
is never too little, unless a name is made at run time.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Node = tuple[str, str]
Definition = ast.stmt
Function = ast.FunctionDef | ast.AsyncFunctionDef

#: How a module says that its statements stand in the file of a topic.
TOPIC = re.compile(r'^queries = Queries\(__file__, topic="(\w+)"\)$', re.MULTILINE)


@dataclass
class Module:
    """A module's imports (local name: module and name there), and what it defines at its top.

    `topic` is the name of the file with its statements, which stands in the module's folder.
    """

    topic: str
    imports: dict[str, Node] = field(default_factory=dict)
    definitions: dict[str, list[Definition]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Reached:
    """Each reached node with the one that led to it, and the statements: (their file, as a module; name)."""

    nodes: dict[Node, Node | None]
    statements: set[Node]

    def explain(self, module: str, name: str) -> str:
        """Return how a node is reached, the entry last."""
        node: Node | None = (module, name)
        steps = []
        while node:
            steps.append(".".join(node))
            node = self.nodes[node]
        return " < ".join(steps)


def read_modules(root: Path, package: str) -> dict[str, Module]:
    """Return the modules below `root` by their full names."""
    modules: dict[str, Module] = {}
    for path in sorted(root.rglob("*.py")):
        parts = [package, *path.relative_to(root).with_suffix("").parts]
        modules[".".join(parts[: -1 if parts[-1] == "__init__" else None])] = _read_module(path)
    return modules


def _read_module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    module = Module(find_topic(path, text))
    for statement in ast.parse(text).body:
        for part in _unfold(statement):
            match part:
                case ast.ImportFrom():
                    module.imports |= _read_import(part)
                case ast.ClassDef():
                    _add_class(module, part)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    module.definitions[part.name].append(part)
                case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    for target in targets:
                        for name in ast.walk(target):
                            if isinstance(name, ast.Name):
                                module.definitions[name.id].append(part)
    return module


def find_topic(path: Path, text: str) -> str:
    """Return the name of the .sql file, without its suffix, that a module with that text opens if any."""
    named = TOPIC.search(text)
    return named[1] if named else path.stem


def _unfold(statement: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(statement, ast.If | ast.Try):
        for part in ast.iter_child_nodes(statement):
            if isinstance(part, ast.stmt):
                yield from _unfold(part)
    else:
        yield statement


def _add_class(module: Module, definition: ast.ClassDef) -> None:
    methods = [part for part in definition.body if isinstance(part, Function)]
    for method in methods:
        module.definitions[f"{definition.name}.{method.name}"].append(method)
    rest = [part for part in definition.body if not isinstance(part, Function)]
    outside = [ast.Expr(node) for node in (*definition.bases, *definition.decorator_list)]
    module.definitions[definition.name] += [*rest, *outside]


def _read_import(statement: ast.ImportFrom) -> dict[str, Node]:
    return {alias.asname or alias.name: (statement.module or "", alias.name) for alias in statement.names}


def find_reached(
    modules: dict[str, Module], entries: Iterable[Node], *, never: Iterable[Node] = ()
) -> Reached:
    """Return what the code reaches from `entries`; `never` are nodes that this process never calls."""
    nodes: dict[Node, Node | None] = {}
    statements: set[Node] = set()
    attributes: set[str] = set()
    waiting: dict[str, list[tuple[Node, Node]]] = defaultdict(list)  # methods whose name no code has used yet
    excluded = set(never)
    to_visit: list[tuple[Node, Node | None]] = [(entry, None) for entry in entries]
    while to_visit:
        node, origin = to_visit.pop()
        if node in nodes or node in excluded:
            continue
        module = modules.get(node[0])
        if module is None or node[1] not in module.definitions:
            continue
        nodes[node] = origin
        file = ".".join((*node[0].split(".")[:-1], module.topic))
        for definition in module.definitions[node[1]]:
            imports = module.imports | _list_local_imports(definition)
            statements |= {(file, name) for name in _list_statements(definition)}
            for name in _list_names(definition):
                if name in imports:
                    to_visit.append((imports[name], node))
                elif name in module.definitions:
                    to_visit.append(((node[0], name), node))
            for owner, attribute in _list_attributes(definition):
                place = ".".join(imports.get(owner, ("", "")))
                if place in modules:
                    to_visit.append(((place, attribute), node))
                if attribute not in attributes:
                    attributes.add(attribute)
                    to_visit += waiting.pop(attribute, [])
        for name in module.definitions:
            if name.startswith(f"{node[1]}."):
                method = name.partition(".")[2]
                if method in attributes or method.startswith("__") or method == "run":
                    to_visit.append(((node[0], name), node))
                else:
                    waiting[method].append(((node[0], name), node))
    return Reached(nodes, statements)


def _list_local_imports(definition: ast.AST) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for part in ast.walk(definition):
        if isinstance(part, ast.ImportFrom):
            found |= _read_import(part)
    return found


def _list_names(definition: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(definition) if isinstance(part, ast.Name)}


def _list_attributes(definition: ast.AST) -> set[tuple[str, str]]:
    return {
        (part.value.id if isinstance(part.value, ast.Name) else "", part.attr)
        for part in ast.walk(definition)
        if isinstance(part, ast.Attribute)
    }


def _list_statements(definition: ast.AST) -> set[str]:
    """Return the names of the statements that a piece of code passes to `queries`."""
    found = set()
    for part in ast.walk(definition):
        if isinstance(part, ast.Call) and ast.unparse(part.func).startswith("queries."):
            texts = [word.value for word in part.args if isinstance(word, ast.Constant)]
            if not texts:
                raise ValueError(f"a statement without a name: {ast.unparse(part)}")
            found.add(str(texts[0]))
    return found
