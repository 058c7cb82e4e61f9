"""Runs a program with an environment that notes what the program's own modules read of it.

    python -m harness.probes.recorded_environment reference_impl

The last line of standard output is a JSON list of names. What libraries read is theirs, and left out.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

__all__ = ["RecordedEnvironment"]

DEPTH = 4  # callers that are looked at: `get` of a mapping is called by the mapping's own module


class RecordedEnvironment(MutableMapping[str, str]):
    """The environment, and in `read` the names that modules of `package` asked for."""

    def __init__(self, real: MutableMapping[str, str], package: str) -> None:
        self._real, self._package = real, package
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        if self._asked_by_the_package():
            self.read.add(name)
        return self._real[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._real[name] = value

    def __delitem__(self, name: str) -> None:
        del self._real[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)

    def copy(self) -> dict[str, str]:
        """As `os.environ` has it."""
        return dict(self._real)

    def _asked_by_the_package(self) -> bool:
        """Whether the nearest caller outside of mappings is one of the package's modules."""
        frame = sys._getframe(2)
        for _ in range(DEPTH):
            module = str(frame.f_globals.get("__name__", ""))
            if module not in ("collections.abc", "_collections_abc", "os") or frame.f_back is None:
                break
            frame = frame.f_back
        where = str(frame.f_globals.get("__package__") or module)
        return (where.partition(".")[0], module.partition(".")[0]).count(self._package) > 0


def main(program: str) -> None:
    """Run the program until it ends, and tell what it read."""
    recorded: Any = RecordedEnvironment(os.environ, program.partition(".")[0])
    os.environ = recorded  # noqa: B003  # what the program is to see instead; its children are no concern
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        sys.argv = [program]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    print(json.dumps(sorted(recorded.read)))


if __name__ == "__main__":
    main(sys.argv[1])
