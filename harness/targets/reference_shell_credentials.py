"""Where the reference's shell sends its credentials: to its own stage's hosts, to another's, or to an attacker."""

from __future__ import annotations

from collections import Counter

from harness.observations.bridge import Destinations
from harness.observe import Recorder
from harness.probes.collector import Collector
from harness.targets.reference_arrivals import Arrivals
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import RunningShell

__all__ = ["ReferenceShellCredentials"]

KINDS = ("access_token", "refresh_token")
WORK = "Promise.allSettled([shell.getAccessToken(), shell.listNotes()]).then(() => 0)"


class ReferenceShellCredentials:
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._shell = RunningShell.of(target, stage)
        self._known = {secret.mark for secret in target.redactor.secrets()}
        self._attacker, self._seen = Collector(), 0
        self._arrivals = Arrivals(target, stage)

    def attacker(self) -> str:
        return self._attacker.url

    def redirect(self, status: int) -> None:
        self._arrivals.redirect(status, self._attacker.url)

    def work(self, case: str) -> Destinations:
        page = self._shell.page("main")
        page.evaluate(WORK)
        self._shell.child.ask(do="refresh")
        page.evaluate(WORK)
        minted = [
            s.value.decode() for s in self._target.redactor.secrets() if s.kind in KINDS and s.mark not in self._known
        ]
        received, self._seen = self._attacker.received[self._seen :], len(self._attacker.received)
        arrived = self._arrivals.take()
        config = self._target.reference.stages[self._stage].config
        return self._recorder.record(
            Destinations(
                case=case,
                about={"stage": self._stage, "client": "desktop shell"},
                came=tuple(text.splitlines()[0] for text in received),
                credentials=sum(any(value in text for value in minted) for text in received),
                noticed=self._attacker.notices(),
                arrived=Counter(one.host for one in arrived if any(value in one.text for value in minted)),
                configured=tuple(sorted({config.host(config.issuer), config.host(config.api_url)})),
            )
        )

    def close(self) -> None:
        self._arrivals.close()
        self._attacker.close()
