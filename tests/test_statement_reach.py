"""Which statements a process can run, on a small package."""

from pathlib import Path

from .statement_reach import find_reached, read_modules

MODULES = {
    "entry": """
        from leadops.store import Store, open_store
        from leadops import other
        START = [open_store]

        def main():
            store = Store()
            store.save()
            other.helper()
            for start in START:
                start()
    """,
    "store": """
        queries = Queries(__file__)

        class Store:
            def save(self):
                queries.run(connection, "save")

            def purge(self):
                queries.run(connection, "purge")

            async def __aenter__(self):
                await queries.run_async(connection, "enter")

        def open_store():
            from leadops.lazy import lazy
            lazy()

        def unused():
            queries.run(connection, "unused")
    """,
    "other": """
        queries = Queries(__file__)

        def helper():
            queries.value(connection, "help", name="x")
    """,
    "lazy": """
        queries = Queries(__file__, topic="other")

        def lazy():
            queries.all(connection, "lazy", Row)
    """,
}


def reach(tmp_path: Path, **options: list[tuple[str, str]]) -> set[str]:
    for name, text in MODULES.items():
        lines = [line.removeprefix("        ") for line in text.splitlines()]
        (tmp_path / f"{name}.py").write_text("\n".join(lines))
    modules = read_modules(tmp_path, "leadops")
    reached = find_reached(modules, [("leadops.entry", "main")], **options)
    return {".".join(statement) for statement in reached.statements}


def test_names_constants_modules_methods_and_late_imports_are_followed(tmp_path: Path) -> None:
    assert reach(tmp_path) == {
        "leadops.store.save",
        "leadops.store.enter",
        "leadops.other.help",
        "leadops.other.lazy",
    }


def test_what_a_process_never_calls_is_left_out(tmp_path: Path) -> None:
    assert reach(tmp_path, never=[("leadops.other", "helper")]) == {
        "leadops.store.save",
        "leadops.store.enter",
        "leadops.other.lazy",
    }
