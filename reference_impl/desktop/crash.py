"""What a crash leaves behind: nothing that holds the process's memory, for that holds tokens (OWASP ASVS 5.0.0 14.2.7).

Core dumps are switched off for this process and, as the limit is inherited, for the store's worker. That is the limit
that dump handlers of systems obey too (systemd-coredump, apport). The process stays readable for its own user's tools.
"""

from __future__ import annotations

import sys


def switch_off_dumps() -> None:
    """Set the size of core dumps to nothing, for good. Windows writes none unless it is told to for each program."""
    if sys.platform != "win32":
        import resource  # not there on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
