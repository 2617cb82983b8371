"""What a migration may do to a database in use: a version before it works on, and nobody waits for long."""

from collections.abc import Iterator

import pglast
from pglast import ast as tree
from pglast.enums import AlterTableType, ConstrType, ObjectType
from pglast.visitors import Visitor

from leadops.migrations.migration_files import MigrationFile

#: What takes away what the version before it may use, so that the file has to say which version it needs.
_TAKES = {
    AlterTableType.AT_DropColumn: "drops a column",
    AlterTableType.AT_AlterColumnType: "changes a type",
    AlterTableType.AT_SetNotNull: "forbids nulls",
    AlterTableType.AT_DropConstraint: "drops a constraint, which `on conflict` may need",
}
#: What writes every row again under a lock.
_REWRITES = {
    AlterTableType.AT_AddIdentity,
    AlterTableType.AT_SetAccessMethod,
    AlterTableType.AT_SetExpression,
    AlterTableType.AT_SetLogged,
    AlterTableType.AT_SetTableSpace,
    AlterTableType.AT_SetUnLogged,
}
#: What a column may not bring along, because every row is looked at under a lock.
_WITH_COLUMN = {
    ConstrType.CONSTR_CHECK: "checks every row under a lock: add it afterwards, not valid",
    ConstrType.CONSTR_FOREIGN: "checks every row under a lock: add it afterwards, not valid",
    ConstrType.CONSTR_GENERATED: "writes every row again under a lock",
    ConstrType.CONSTR_IDENTITY: "writes every row again under a lock",
    ConstrType.CONSTR_PRIMARY: "makes an index under a lock: make it concurrently, then say using index",
    ConstrType.CONSTR_UNIQUE: "makes an index under a lock: make it concurrently, then say using index",
}
_RENAMED = (
    ObjectType.OBJECT_TABLE,
    ObjectType.OBJECT_COLUMN,
    ObjectType.OBJECT_VIEW,
    ObjectType.OBJECT_SCHEMA,
)
_DROPPED = (*_RENAMED, ObjectType.OBJECT_FUNCTION, ObjectType.OBJECT_TYPE, ObjectType.OBJECT_SEQUENCE)


class _Changes(Visitor):  # type: ignore[misc]
    """Collects what a migration makes, takes away, rewrites and locks."""

    def __init__(self) -> None:
        super().__init__()
        self.made: set[str] = set()
        self.indexes: set[str] = set()
        self.dropped_indexes: set[str] = set()
        self.taken: list[str] = []
        self.slow: list[str] = []
        self.altered, self.rows_changed = False, False

    def visit_CreateStmt(self, _: object, node: tree.CreateStmt) -> None:
        self.made.add(_name(node.relation))

    def visit_DropStmt(self, _: object, node: tree.DropStmt) -> None:
        if node.removeType in _DROPPED:
            self.taken.append(f"drops a {node.removeType.name.removeprefix('OBJECT_').lower()}")

        if node.removeType == ObjectType.OBJECT_INDEX:
            self.dropped_indexes |= {str(names[-1].sval) for names in node.objects}

    def visit_RenameStmt(self, _: object, node: tree.RenameStmt) -> None:
        if node.renameType in _RENAMED:
            self.taken.append("renames")

    def visit_AlterObjectSchemaStmt(self, _: object, __: object) -> None:
        self.taken.append("moves to another schema")

    def visit_DoStmt(self, _: object, __: object) -> None:
        self.slow.append("does in `do` what no rule can see: write statements")

    def visit_TruncateStmt(self, _: object, __: object) -> None:
        self.slow.append("truncates under a lock: delete in small portions")

    def visit_LockStmt(self, _: object, __: object) -> None:
        self.slow.append("locks a table")

    def visit_ClusterStmt(self, _: object, __: object) -> None:
        self.slow.append("writes every row again under a lock")

    def visit_VacuumStmt(self, _: object, node: tree.VacuumStmt) -> None:
        if any(option.defname == "full" for option in node.options or ()):
            self.slow.append("writes every row again under a lock")

    def visit_ReindexStmt(self, _: object, node: tree.ReindexStmt) -> None:
        if not any(option.defname == "concurrently" for option in node.params or ()):
            self.slow.append("makes an index under a lock: say concurrently")

    def visit_IndexStmt(self, _: object, node: tree.IndexStmt) -> None:
        self.indexes.add(str(node.idxname))
        if not node.concurrent and _name(node.relation) not in self.made:
            self.slow.append(f"makes an index on {_name(node.relation)} under a lock: say concurrently")

    def visit_AlterTableStmt(self, _: object, node: tree.AlterTableStmt) -> None:
        if _name(node.relation) in self.made:
            return
        self.altered = True
        for command in node.cmds or ():
            if command.subtype in _TAKES:
                self.taken.append(_TAKES[command.subtype])
            if command.subtype == AlterTableType.AT_ColumnDefault and command.def_ is None:
                self.taken.append("drops a default, so that the version before it may not fill the column")
            if command.subtype in _REWRITES:
                self.slow.append("writes every row again under a lock")
            definition = command.def_
            if isinstance(definition, tree.Constraint):
                self._visit_constraint(definition)
            if isinstance(definition, tree.ColumnDef):
                self._visit_column(definition)

    def _visit_constraint(self, constraint: tree.Constraint) -> None:
        if constraint.contype in (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY):
            if not constraint.indexname:
                self.slow.append("makes an index under a lock: make it concurrently, then say using index")
        elif not constraint.skip_validation:
            self.slow.append("checks every row under a lock: say not valid")

    def _visit_column(self, column: tree.ColumnDef) -> None:
        kinds = {constraint.contype: constraint for constraint in column.constraints or ()}
        default = kinds.get(ConstrType.CONSTR_DEFAULT)
        if ConstrType.CONSTR_NOTNULL in kinds and default is None:
            self.taken.append("adds a column that the version before it does not fill")
        self.slow += [what for kind, what in _WITH_COLUMN.items() if kind in kinds]
        if default is not None and not _is_constant(default.raw_expr):
            self.slow.append("computes a default for every row under a lock: take a constant")

    def visit_UpdateStmt(self, _: object, __: object) -> None:
        self.rows_changed = True

    visit_DeleteStmt = visit_UpdateStmt


def _is_constant(value: object) -> bool:
    while isinstance(value, tree.TypeCast):
        value = value.arg
    return isinstance(value, tree.A_Const)


def find_breaches(file: MigrationFile) -> Iterator[str]:
    """Yield what is wrong with a migration that comes after the first release."""
    changes = _Changes()
    changes(pglast.parse_sql(file.text))
    if changes.dropped_indexes - changes.indexes:
        changes.taken.append("drops an index, which `on conflict` may need")
    if not file.needs:
        yield from (f"{what}: say which migration a version needs then" for what in changes.taken)
    yield from changes.slow
    if changes.altered and changes.rows_changed:
        yield "changes rows under the lock of a table: do it in a file of its own"
    concurrent = " concurrently " in file.text
    if concurrent is not file.is_outside:
        yield "concurrently and outside a transaction belong together"


def _name(relation: tree.RangeVar) -> str:
    return f"{relation.schemaname}.{relation.relname}"
