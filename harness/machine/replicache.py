"""Replicache for the reference's page: one module, made at set-up of the packages that its folder locks."""

from __future__ import annotations

from pathlib import Path

from harness.errors import NotHere
from harness.machine.commands import run_bounded
from harness.machine.node import find_node, npm_environment
from harness.machine.npm import LockedPackages
from harness.machine.places import CHECKOUT, TOOLS

__all__ = ["BUNDLE", "REPLICACHE", "find_bundle", "make_bundle"]

SECONDS = 60.0
BUNDLE = CHECKOUT / "reference_impl" / "web" / "static" / "replicache.js"  # ignored by git
REPLICACHE = LockedPackages(
    "Replicache",
    CHECKOUT / "reference_impl" / "web" / "replicache",
    TOOLS / "replicache",
    "replicache",
    "python3 noxfile.py -s verify (without --no-install)",
)


def find_bundle() -> Path:
    """The module, made of what is locked. Raises NotHere."""
    REPLICACHE.find()
    if not BUNDLE.is_file():
        raise NotHere("no bundle of Replicache", REPLICACHE.mend)
    return BUNDLE


def make_bundle() -> Path:
    """Installs the packages unless they are there, and makes the module. Raises NotHere with the reason."""
    try:
        REPLICACHE.find()
    except NotHere:
        REPLICACHE.install()
    node = find_node()
    command: list[str | Path] = [node, "build.mjs", BUNDLE]
    outcome = run_bounded(command, seconds=SECONDS, environment=npm_environment(node), folder=REPLICACHE.folder)
    if not outcome.ok:
        raise NotHere(f"no bundle of Replicache: esbuild: {outcome.line}", REPLICACHE.mend)
    return find_bundle()
