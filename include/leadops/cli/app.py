"""The `leadops` command: what the DAGs do, by hand; and reports, imports and explanations."""

import os
import sys

import typer

from leadops.cli import (
    attribution,
    audit,
    changes,
    check,
    config,
    crm,
    dead_letters,
    decay,
    economics,
    erase,
    explain_lead,
    forms,
    funnel,
    gateway,
    gone,
    identity,
    import_file,
    incidents,
    init_config,
    kpi,
    machines,
    migrate,
    model,
    push,
    quarantine,
    replay,
    report,
    restored,
    routing,
    run_task,
    sandbox,
    score,
    thresholds,
    watchdog,
)
from leadops.cli.terminal import print_error, print_traceback
from leadops.db_errors import database_errors_in_one_line
from leadops.errors import LeadopsError
from leadops.mask import remember_secrets
from leadops.masked_logs import mask_records
from leadops.settings import list_secrets

app = typer.Typer(
    help="Marketing automation, CDP and CRM act as one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for verb in (
    score.score,
    decay.decay,
    push.push,
    restored.restored,
    audit.audit,
    erase.erase,
    explain_lead.explain,
    replay.replay,
    migrate.migrate,
    gateway.gateway,
    watchdog.watchdog,
    sandbox.sandbox,
    init_config.init_config,
    report.freeze_quarter,
    run_task.qualify,
    run_task.poll,
    run_task.notify,
    run_task.purge,
    run_task.clean_airflow,
):
    app.command(verb.__name__.replace("_", "-"))(verb)
app.command("clock")(run_task.watch_clocks)
routing.app.command("notify")(run_task.notify_owners)
app.command("import")(import_file.import_file)
app.add_typer(check.app, name="check")
app.add_typer(config.app, name="config")
app.add_typer(changes.app, name="changes")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(forms.app, name="forms")
app.add_typer(machines.app, name="machines")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(gone.app, name="gone")
app.add_typer(incidents.app, name="incidents")
app.add_typer(identity.app, name="identity")
app.add_typer(routing.app, name="routing")
app.add_typer(funnel.app, name="funnel")
app.add_typer(attribution.app, name="attribution")
app.add_typer(economics.app, name="economics")
app.add_typer(kpi.app, name="kpi")
app.add_typer(crm.app, name="crm")
app.add_typer(report.app, name="report")
app.add_typer(model.app, name="model")
app.add_typer(thresholds.app, name="thresholds")


def run() -> None:
    """Run the command line; an error of ours is one line on stderr and exit code 1."""
    mask_records()
    remember_secrets(list_secrets(os.environ))
    try:
        with database_errors_in_one_line():
            app()
    except LeadopsError as error:
        print_error(error)
        sys.exit(1)
    except Exception as error:
        print_traceback(error)
        sys.exit(1)
