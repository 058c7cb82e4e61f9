"""`python -m harness.machine [--no-install]`: brings what the tests need of the machine, and says so in a line each."""

from __future__ import annotations

import sys

from harness.machine.provision import provision

for thing in provision("--no-install" not in sys.argv[1:], tell=lambda line: print(line, flush=True)):
    print(thing)
