"""Where the stack keeps what it writes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leadops.errors import ConfigError


@dataclass(frozen=True)
class Home:
    """The project's folder, the folder of all data and logs, and the file with the secrets."""

    project: Path
    root: Path
    env_file: Path

    @property
    def run(self) -> Path:
        """Records of running processes, and the lock that only one stack holds."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file a part."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """The tasks that wait for a worker, with the CeleryExecutor."""
        return self.root / "redis"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME: task logs and the password file."""
        return self.root / "airflow"

    @property
    def sandbox(self) -> Path:
        """The state of the stand-ins for MA, CRM and Slack."""
        return self.root / "sandbox"

    def make(self) -> None:
        """Make the folders; others can pass through the root (PostgreSQL's account must) but list nothing."""
        for folder in (self.root, self.run, self.logs, self.airflow, self.sandbox):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711 if folder == self.root else 0o700)


def find_home(environ: Mapping[str, str] = os.environ) -> Home:
    """Return the home that LEADOPS_HOME and LEADOPS_ENV_FILE name; by default `.leadops` and `.env`.

    Raises ConfigError when the package does not lie in a checkout of the project.
    """
    project = Path(__file__).resolve().parents[2]
    if not (project / "dags").is_dir():
        raise ConfigError("the stack starts from a checkout of the project only; run `make up` in it")
    root = Path(environ.get("LEADOPS_HOME") or project / ".leadops").absolute()
    env_file = Path(environ.get("LEADOPS_ENV_FILE") or project / ".env").absolute()
    return Home(project=project, root=root, env_file=env_file)
