"""Where pages of somebody else's shell get to: other pages, and the system's browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep

from harness.errors import TargetError
from harness.observations.bridge import Openings
from harness.observe import Recorder
from harness.probes.shell_scripts import LEAD, OPEN
from harness.probes.witness import Witness
from harness.targets.electron_running import RunningElectron
from harness.targets.electron_shell import no_cooperation

__all__ = ["ElectronOutside"]

WITNESS = "witness-of-a-payload"
QUIET = 0.6  # seconds without anything new, after which nothing more is awaited
LONGEST = 6.0


class ElectronOutside:
    """The shell, after the port `shell` has put it in order."""

    def __init__(self, shell: RunningElectron, recorder: Recorder, stage: str) -> None:
        self._shell, self._recorder = shell, recorder
        self._about = {"stage": stage, "client": "desktop shell"}
        self._witness = Witness()
        self._opened = len(shell.opened())

    def meant(self, address: str) -> str:
        if "{issuer}" in address or "{another issuer}" in address:
            no_cooperation("its windows are to be led to its issuer")
        address = address.replace("{elsewhere}", self._witness.url("http", "127.0.0.1"))
        return f"{address}{'&' if '?' in address else '?'}{WITNESS}"

    def open_windows(self, case: str, way: str, addresses: Sequence[str]) -> Openings:
        seen = set[str]()
        for address in addresses:
            self._shell.main.evaluate(OPEN[way].format(url=json.dumps(self.meant(address))), by_user=True)
            seen |= self._settle()
        openings = self._record(case, addresses, seen)
        self._restore()
        return openings

    def lead(self, case: str, addresses: Sequence[str]) -> Openings:
        seen = set[str]()
        for address in addresses:
            self._shell.main.evaluate(LEAD.format(url=json.dumps(self.meant(address))), by_user=True)
            seen |= self._settle()
            self._restore()
        return self._record(case, addresses, seen)

    def look(self, case: str) -> Openings:
        return self._record(case, (), set(self._shell.windows()))

    def close(self) -> None:
        self._witness.close()

    def _settle(self) -> set[str]:
        """What windows showed until they, and wishes for the browser, rest."""
        end, since, last, seen = monotonic() + LONGEST, monotonic(), None, set[str]()
        while monotonic() < end and monotonic() - since < QUIET:
            now = (self._shell.windows(), len(self._shell.opened()), len(self._witness.visits("http")))
            seen |= {url for url in now[0] if url}  # a window that shows nothing yet has none
            if now != last:
                last, since = now, monotonic()
            sleep(0.05)
        return seen

    def _restore(self) -> None:
        """The main window alone, with its own page."""
        self._shell.close_strange_windows()
        with suppress(TargetError, OSError):  # a page on its way elsewhere may not answer
            self._shell.reload()
            return
        self._shell.begin()

    def _record(self, case: str, asked: Sequence[str], seen: set[str]) -> Openings:
        opened = self._shell.opened()[self._opened :]
        self._opened += len(opened)
        return self._recorder.record(
            Openings(
                case=case,
                about=self._about,
                asked=tuple(asked),
                opened=opened,
                windows=tuple(sorted(seen)),
                own=self._shell.description.own,
                issuer="",
                help=(),
                came=len(self._witness.visits("http")),
            )
        )
