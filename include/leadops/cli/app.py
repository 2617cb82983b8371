"""The `leadops` command: the same verbs as the DAGs, each part runnable by hand."""

import sys

import typer

from leadops.cli import audit, dead_letters, init_config, migrate, push, sandbox
from leadops.errors import LeadopsError

app = typer.Typer(
    help="Marketing automation, CDP and CRM acting as one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("migrate")(migrate.migrate)
app.command("push")(push.push)
app.command("audit")(audit.audit)
app.command("init-config")(init_config.init_config)
app.command("sandbox")(sandbox.sandbox)
app.add_typer(dead_letters.app, name="dead-letters")


def run() -> None:
    """Run the command line; an error of ours is one line on stderr and exit code 1."""
    try:
        app()
    except LeadopsError as error:
        sys.stderr.write(f"leadops: {error}\n")
        sys.exit(1)
