"""A desktop shell as somebody describes it: how it is started, which pages are its own, what its bridge has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from harness.model import Waiver

__all__ = ["BridgeDescription", "ShellDescription"]


@dataclass(frozen=True)
class BridgeDescription:
    """What pages are given by the preload. `objects` are names in the page's world; `functions` as documented, each
    with its path, None where nothing documents them; `spared` are those that are not called. `subscribe` is the path of
    a function that takes a callback, `provoke` an expression in the page's world that has callbacks called."""

    objects: tuple[str, ...] = ()
    functions: tuple[str, ...] | None = None
    spared: tuple[str, ...] = ()
    subscribe: str = ""
    provoke: str = ""


@dataclass(frozen=True)
class ShellDescription:
    """A shell that is started by `command` (`{port}` is the debugging port, `{home}` its home), or runs already and is
    debugged at `debugging` (host:port). `released`: the command as users have it, without a debugging port.

    `page` is the pattern of the main window's URL, `pages` those of all that windows may show, `hosts` further hosts of
    which they may, by https.
    """

    name: str
    version: str
    stage: str
    page: str
    pages: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    command: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    debugging: str = ""
    bridge: BridgeDescription = field(default_factory=BridgeDescription)
    held: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets that it holds by now, by kind
    seconds: float = 60.0  # that it may take to start
    absent: Mapping[str, str] = field(default_factory=dict)
    expected_failures: tuple[Waiver, ...] = ()
    remedies: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    def is_main(self, url: str) -> bool:
        return fnmatchcase(url, self.page)

    @property
    def own(self) -> tuple[str, ...]:
        """Patterns of all URLs that windows may show."""
        return (self.page, *self.pages, *(f"https://{host}/*" for host in sorted(self.hosts)))

    def is_own(self, url: str) -> bool:
        return any(fnmatchcase(url, pattern) for pattern in self.own)
