"""`python -m harness.machine [--no-install]`: brings what the tests need of the machine, and says so in a line each."""

from __future__ import annotations

import sys

from harness.machine.provision import NEEDS, OPENAUTH_NEED, provision

allowed, needs = "--no-install" not in sys.argv[1:], (*NEEDS, OPENAUTH_NEED)
for thing in provision(allowed, lambda line: print(line, flush=True), needs):
    print(thing)
