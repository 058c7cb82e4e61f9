"""What of a session stays in the reference's shell after its end: in what it sends, says and holds."""

from __future__ import annotations

from collections import Counter
from time import monotonic, sleep

from harness.errors import TargetError
from harness.observations.bridge import AfterLogout, BridgeCall, ShellNotes
from harness.observe import Recorder
from harness.probes.held_strings import ask
from harness.secret_forms import Secret
from harness.targets.reference_arrivals import Arrival, Arrivals
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_running_shell import PATIENCE, RunningShell

__all__ = ["ReferenceShellLogout"]

KINDS = ("access_token", "refresh_token")
WINDOWS = ("main", "palette")
SERVICES = ("/me", "/notes", "/events")
IN_FLIGHT = 1.0  # seconds that the answer is under way
SETTLED = "(() => { const p = {call}; return p.then(() => 'value', (error) => String(error.code)); })()"
LEAVE = """
(async () => {
  const going = shell.listNotes().then(() => "value", (error) => String(error.code));
  await new Promise((go) => setTimeout(go, 300));
  await shell.signOut();
  return going;
})()
"""


class ReferenceShellLogout:
    """The shell of a stage, after the port `shell` has put it in order."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._shell = RunningShell.of(target, stage)
        self._known = {secret.mark for secret in target.redactor.secrets()}
        self._about = {"stage": stage, "client": "desktop shell"}
        self._arrivals, self._before = Arrivals(target, stage), Counter[str]()
        for window in WINDOWS:
            self._shell.page(window)

    def write(self, note: str) -> None:
        token = self._shell.page("main").evaluate("shell.getAccessToken().then((told) => told.access_token)")
        self._recorder.redactor.register(token, "access_token")
        headers = {"Authorization": f"Bearer {token}"}
        with self._target.new_session() as session:
            answer = session.post(
                f"{self._target.addresses[self._stage].api}/notes", json={"text": note}, headers=headers
            )
        if answer.status_code != 201:
            raise TargetError(f"a note was not taken: HTTP {answer.status_code}")

    def work(self) -> None:
        end = monotonic() + PATIENCE
        while monotonic() < end and not all(self._before[path] for path in SERVICES):
            for window in WINDOWS:
                self._outcome(window, "listNotes")
            self._before += Counter(one.path for one in self._ours(self._arrivals.take()))
            sleep(0.2)

    def log_out(self, case: str, bound: float, watch: float) -> AfterLogout:
        self._arrivals.delay = IN_FLIGHT
        in_flight = str(self._shell.page("main").evaluate(LEAVE))
        self._arrivals.delay, ended = 0.0, monotonic()
        sleep(watch)
        calls = tuple(
            BridgeCall(f"{window}: {method}", method, self._outcome(window, method))
            for window in WINDOWS
            for method in ("getAccessToken", "listNotes")
        )
        late = [one for one in self._ours(self._arrivals.take()) if one.at > ended + bound]
        minted = {secret.value.decode(): secret.mark for secret in self._minted()}
        searched, held = ask(self._shell.folder, [*minted, self._shell.app])
        return self._recorder.record(
            AfterLogout(
                case=case,
                about=self._about,
                in_flight=in_flight,
                before=dict(self._before),
                late=tuple(f"{one.path} at {one.host}" for one in late),
                bound=bound,
                watched=round(monotonic() - ended, 1),
                calls=calls,
                held=tuple(minted[value] for value in held if value in minted),
                searched=searched,
                planted_found=self._shell.app in held,
            )
        )

    def notes(self, case: str, own: str, foreign: str) -> ShellNotes:
        shown = {window: str(self._shell.page(window).evaluate(SHOWN)) for window in WINDOWS}
        return self._recorder.record(
            ShellNotes(
                case=case,
                about=self._about,
                own=all(own in text for text in shown.values()),
                foreign=tuple(window for window, text in shown.items() if foreign in text),
            )
        )

    def close(self) -> None:
        self._arrivals.close()

    def _outcome(self, window: str, method: str) -> str:
        return str(self._shell.page(window).evaluate(SETTLED.replace("{call}", f"shell.{method}()")))

    def _minted(self) -> list[Secret]:
        return [s for s in self._target.redactor.secrets() if s.kind in KINDS and s.mark not in self._known]

    def _ours(self, arrived: list[Arrival]) -> list[Arrival]:
        values = [secret.value.decode() for secret in self._minted()]
        return [one for one in arrived if any(value in one.text for value in values)]


SHOWN = "shell.listNotes().then((told) => told.notes + document.body.textContent, (error) => String(error.code))"
