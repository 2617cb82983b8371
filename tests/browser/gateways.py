"""The real gateway as a process of its own, on one port for its whole life, deaths included."""

import os
import subprocess
import sys
from pathlib import Path

ENTRY = "from leadops.cli.app import run; run()"


class GatewayProcess:
    """`leadops gateway` with the shipped settings, but for the origins that it allows."""

    def __init__(self, database_url: str, config: Path, *, port: int, origins: list[str]) -> None:
        config.mkdir()
        shipped = Path(__file__).parents[2] / "include/leadops/config/gateway.yaml"
        lines = shipped.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("allowed_origins:")]
        (config / "gateway.yaml").write_text(
            "\n".join([*kept, f"allowed_origins: {origins}"]), encoding="utf-8"
        )
        self.port = port
        self.environment = {
            **os.environ,
            "LEADOPS_DATABASE_URL": database_url,
            "LEADOPS_CONFIG_DIR": str(config),
            "LEADOPS_WRITE_KEY": "w" * 32,
            "LEADOPS_METRICS_TOKEN": "m" * 32,
            "LEADOPS_FORM_SECRETS": "f" * 32,
            "LEADOPS_IDENTITY_SECRETS": "i" * 32,
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and return when it listens."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, "gateway", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert "/collect" in self.process.stdout.readline()

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self.process and self.process.stdout:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
