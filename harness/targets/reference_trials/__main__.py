"""`python -m harness.targets.reference_trials NAME`: makes one trial. What it is given comes as JSON on stdin, for
there may be secrets in it; its answer is one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.targets.reference_trials import kills, moves, races, rotations, sizes, switches
from reference_impl.parts import Parts

TRIALS: Mapping[str, Callable[[Mapping[str, str], Parts, Mapping[str, Any]], Mapping[str, Any]]] = {
    "killed set": kills.killed_set,
    "sizes": sizes.set_sizes,
    "clear sizes": sizes.clear_sizes,
    "race": races.race,
    "moves": moves.moves,
    "killed rotations": rotations.killed_rotations,
    "resumptions": rotations.resumptions,
    "killed switches": switches.killed_switches,
}


def main(environ: Mapping[str, str], parts: Parts | None = None, arguments: Sequence[str] = ()) -> int:
    """Make the trial that the arguments name."""
    [name] = arguments
    print(json.dumps(TRIALS[name](environ, parts or Parts(), json.load(sys.stdin))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ, arguments=sys.argv[1:]))
