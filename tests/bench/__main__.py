"""Runs the benchmarks one after the other, writes their results as JSON, and prints the ratios.

python -m tests.bench [--seconds S] [--out FILE] [NAME…]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.errors import NotHere, TargetError
from harness.machine.session import PrivateSession
from tests.bench import event_rate, session_store, token_endpoint
from tests.bench.machine import machine_and_versions

Bench = Callable[[PrivateSession, float], dict[str, Any]]
BENCHES: dict[str, Bench] = {
    "token endpoint": token_endpoint.measure,
    "session store": session_store.measure,
    "events": event_rate.measure,
}


def main(argv: Sequence[str]) -> int:
    """Measure what was asked for; return 0, and 1 where a benchmark failed. What this machine cannot run is told with
    its reason."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all, if none is named")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    parser.add_argument("--out", type=Path, default=Path("reports/out/bench.json"))
    options = parser.parse_args(argv)
    results: dict[str, Any] = {"machine": machine_and_versions(), "seconds": options.seconds, "results": {}}
    with PrivateSession.start() as machine:
        for name in options.names or BENCHES:
            results["results"][name] = _try(BENCHES[name], machine, options.seconds)
            print(told(name, results["results"][name]), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written: {options.out}")
    return 1 if any("failed" in result for result in results["results"].values()) else 0


def _try(bench: Bench, machine: PrivateSession, seconds: float) -> dict[str, Any]:
    try:
        return bench(machine, seconds)
    except NotHere as absent:
        return {"not_run": str(absent)}
    except TargetError as error:
        return {"failed": str(error)}


def told(name: str, result: dict[str, Any]) -> str:
    """A result as people read it: each figure, then the ratios."""
    if "not_run" in result:
        return f"{name}: not run: {result['not_run']}"
    if "failed" in result:
        return f"{name}: failed: {result['failed']}"
    lines = [f"{name} ({result['unit']})"]
    for subject, figure in result["figures"].items():
        lines.append(f"  {subject:44} {figure:>10}" if isinstance(figure, int | float) else f"  {subject:44} {figure}")
    lines += [f"  {ratio:44} {value:>10}" for ratio, value in result["ratios"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
