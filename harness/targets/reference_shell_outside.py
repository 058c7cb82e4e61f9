"""Where pages of the reference's shell get to: other pages, and the system's browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.observations.bridge import Openings
from harness.observe import Recorder
from harness.probes.devtools import pages_at
from harness.probes.shell_scripts import LEAD, OPEN
from harness.probes.witness import Witness
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import WINDOW, RunningShell
from reference_impl.desktop.shell.external import HELP_HOSTS

__all__ = ["ReferenceShellOutside"]

WITNESS = "witness-of-a-payload"
QUIET = 0.4  # seconds without anything new, after which nothing more is awaited
LONGEST = 6.0


class ReferenceShellOutside:
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._shell = RunningShell.of(target, stage)
        self._recorder, self._about = recorder, {"stage": stage, "client": "desktop shell"}
        self._witness = Witness(target.folder / "loopback-cert.pem")
        other = next(name for name in target.addresses if name != stage)
        self._names = {
            "{issuer}": target.addresses[stage].issuer,
            "{another issuer}": target.addresses[other].issuer,
            "{elsewhere}": self._witness.url("http", "127.0.0.1"),
        }
        self._heard, self._said = len(self._shell.child.heard), len(self._shell.child.said)

    def meant(self, address: str) -> str:
        for name, value in self._names.items():
            address = address.replace(name, value)
        return f"{address}{'&' if '?' in address else '?'}{WITNESS}"

    def open_windows(self, case: str, way: str, addresses: Sequence[str]) -> Openings:
        page, seen = self._shell.page("main"), set[str]()
        for address in addresses:
            page.evaluate(OPEN[way].format(url=json.dumps(self.meant(address))), by_user=True)
            seen |= self._windows()
        self._settle()
        openings = self._record(case, addresses, seen)
        self._restore()
        return openings

    def lead(self, case: str, addresses: Sequence[str]) -> Openings:
        seen = set[str]()
        for address in addresses:
            page = self._shell.page("main")
            page.evaluate(LEAD.format(url=json.dumps(self.meant(address))), by_user=True)
            self._settle()
            seen |= self._windows()
            if WINDOW.format(name="index") not in self._windows():
                self._restore()
        return self._record(case, addresses, seen)

    def look(self, case: str) -> Openings:
        return self._record(case, (), set())

    def close(self) -> None:
        self._witness.close()

    def _windows(self) -> set[str]:
        return set(pages_at(self._shell.address))

    def _restore(self) -> None:
        with suppress(TargetError):  # a page on its way elsewhere may not answer; the next try finds it there
            self._shell.reload("main")
            return
        self._shell.page("main").call("Page.navigate", url=WINDOW.format(name="index"))
        sleep(QUIET)
        self._shell.reload("main")

    def _settle(self) -> None:
        """Wait until windows, log and wishes for the browser rest."""
        end, since, last = monotonic() + LONGEST, monotonic(), None
        while monotonic() < end and monotonic() - since < QUIET:
            now = (self._windows(), len(self._shell.child.said), len(self._shell.child.heard))
            if now != last:
                last, since = now, monotonic()
            sleep(0.05)

    def _record(self, case: str, asked: Sequence[str], seen: set[str]) -> Openings:
        self._shell.child.ask(do="status")  # what it said before has come by then
        heard, said = self._shell.child.heard[self._heard :], self._shell.child.said[self._said :]
        self._heard, self._said = self._heard + len(heard), self._said + len(said)
        events = [json.loads(line) for line in heard if '"open_url"' in line]
        for event in events:
            self._recorder.redactor.register_from_request(event["url"], {}, "")
        at = urlsplit(self._names["{issuer}"])
        return self._recorder.record(
            Openings(
                case=case,
                about=self._about,
                asked=tuple(asked),
                opened=tuple(str(event["url"]) for event in events),
                windows=tuple(sorted(seen | self._windows())),
                issuer=f"{at.scheme}://{at.netloc}",
                help=tuple(f"https://{host}" for host in HELP_HOSTS),
                came=len(self._witness.visits("http")),
                refusals=tuple(line for line in said if '-refused"' in line),
            )
        )
