"""What was measured on, and with what: without it a figure says nothing."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import NotHere
from harness.machine.node import find_node
from harness.machine.npm import OPENAUTH
from tests.targets.systems import OIDC_PROVIDER

PACKAGES = ("authlib", "joserfc", "flask", "cheroot", "boto3", "moto", "keyring", "cryptography")


def machine_and_versions() -> dict[str, Any]:
    """Processor, load, and the versions of everything that takes part."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "node": _node(),
        "openauth": _locked(OPENAUTH.locked_in, "@openauthjs/openauth"),
        "oidc-provider": _locked(OIDC_PROVIDER.locked_in, "oidc-provider"),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return found[1] if found else platform.processor()


def _node() -> str:
    try:
        return subprocess.run([find_node(), "--version"], capture_output=True, text=True).stdout.strip()
    except NotHere:
        return "absent"


def _locked(folder: Path, package: str) -> str:
    """The version that the lock file of an npm package names."""
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{package}"]["version"])
