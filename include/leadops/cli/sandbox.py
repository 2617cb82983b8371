"""`leadops sandbox`: a simulated MA, CRM and Slack."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8082,
    state: Annotated[Path, typer.Option(help="Folder in which its state is kept.")] = Path(
        ".leadops/sandbox"
    ),
    product: Annotated[str, typer.Option(help="A product whose routes it serves too, such as hubspot.")] = "",
) -> None:
    """Serve a simulated MA, CRM and Slack, with faults on demand, until interrupted."""
    # A process of its own: leadops itself never imports the stand-ins.
    command = [sys.executable, "-m", "leadops_sandbox", "--port", str(port), "--state", str(state)]
    command += ["--product", product] if product else []
    os.execv(sys.executable, command)  # noqa: S606
