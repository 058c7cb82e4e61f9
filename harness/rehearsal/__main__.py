"""Makes the rehearsal's run: `python -m harness.rehearsal FOLDER`, its secrets as a JSON object on standard input.

Faults of the harness's own parts reach it as `--fault ID` and `--from FILE`, as they reach programs of the reference.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness.catalog import load_catalog
from harness.evidence.bundle import BundleWriter
from harness.faults.registry import load_faults, load_named
from harness.matrix import Dimensions, this_os
from harness.plan import make_plan, read_features
from harness.recording import record, seal_recording
from harness.redact import Redactor
from harness.rehearsal.parts import HarnessParts
from harness.rehearsal.target import RehearsalTarget

HERE = Path(__file__).parent
STEPS = ("steps.common", "harness.rehearsal.steps")


def main(argv: list[str]) -> int:
    """Make the run and seal it. The secret search at the seal is the caller's to repeat."""
    parser = argparse.ArgumentParser(prog="harness.rehearsal")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--from", dest="files", action="append", default=[], type=Path)
    options = parser.parse_args(argv)
    known = dict(load_named(options.fault))
    for file in options.files:
        known.update(load_faults(file))
    rehearse(options.folder, json.load(sys.stdin), HarnessParts.of(known[id] for id in options.fault))
    return 0


def rehearse(folder: Path, secrets: dict[str, str], parts: HarnessParts) -> None:
    """One rehearsal into `folder`, sealed with a fresh key."""
    import harness.rehearsal.checks  # noqa: F401  # registers the rehearsal's checks

    catalog = load_catalog(HERE / "catalog")
    found = read_features(HERE / "features", catalog, STEPS)
    target = RehearsalTarget(secrets)
    redactor = Redactor()
    redactor.register(target.password, "password")
    try:
        plan = make_plan(catalog, found, Dimensions(target.name, this_os(), target.stages, (), ()))
        recording = record(
            plan,
            {target.name: target},
            redactor,
            folder,
            "pr",
            steps=STEPS,
            attachments=parts.choose("attachments", redactor),
            writer_type=parts.choose("writer", BundleWriter),
        )
        seal_recording(recording, None)
    finally:
        target.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
