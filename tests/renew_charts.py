"""`make charts`: write the vendored Apache ECharts again, from its newest release on npm."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from leadops.dashboard.static_files import STATIC

PACKAGE, LICENCE = "echarts", "Apache-2.0"
VENDOR = STATIC / "vendor"
#: The build as an ES module, minified; a server knows .js everywhere, .mjs not.
BUILD, FILE = "dist/echarts.esm.min.mjs", "echarts.min.js"
#: What the licence wants to go with it, and its name here.
LICENCES = {"LICENSE": "LICENSE", "NOTICE": "NOTICE", "licenses/LICENSE-d3": "LICENSE-d3"}
VERSION_FILE = VENDOR / "VERSION.json"


def main() -> None:
    """Download the package with npm, check it against the registry's checksum, and keep what is served."""
    with tempfile.TemporaryDirectory() as folder:
        packed = _ask_npm("pack", PACKAGE, "--json", folder=folder)[0]
        archive = Path(folder) / packed["filename"]
        check_integrity(archive.read_bytes(), packed["integrity"])
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        root = Path(folder) / "package"
        described = json.loads((root / "package.json").read_text(encoding="utf-8"))
        if described["license"] != LICENCE:
            raise ValueError(f"the licence of {PACKAGE} is {described['license']!r}, not {LICENCE}")
        VENDOR.mkdir(exist_ok=True)
        for source, target in {BUILD: FILE, **LICENCES}.items():
            shutil.copyfile(root / source, VENDOR / target)
        version = {
            "package": f"{PACKAGE} on npm",
            "version": described["version"],
            "licence": LICENCE,
            "build": BUILD,
            "integrity": packed["integrity"],
            "files": {
                name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
                for name in (FILE, *LICENCES.values())
            },
        }
        VERSION_FILE.write_text(json.dumps(version, indent=2) + "\n", encoding="utf-8")


def check_integrity(content: bytes, integrity: str) -> None:
    """Raise ValueError unless `content` has the checksum of the registry (Subresource Integrity)."""
    kind, _, wanted = integrity.partition("-")
    found = base64.b64encode(hashlib.new(kind, content).digest()).decode()
    if kind != "sha512" or found != wanted:
        raise ValueError(f"the package has the checksum {found}, not {wanted}")


def _ask_npm(*words: str, folder: str) -> Any:
    answer = subprocess.run(["npm", *words], cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


if __name__ == "__main__":
    main()
