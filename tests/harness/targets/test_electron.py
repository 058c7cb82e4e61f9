"""Somebody else's shell, looked into by its debugging port; plain Chromium stands for one that goes anywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checks.page_policy import INTO_WINDOWS
from harness.errors import NotOffered, TargetError
from harness.machine.chromium import find_chromium
from harness.machine.session import PrivateSession
from harness.observations import Observation
from harness.observe import Recorder
from harness.ports import Target
from harness.redact import Redactor
from harness.targets.base import Leave
from harness.targets.electron import ElectronTarget
from harness.targets.electron_description import BridgeDescription, ShellDescription
from harness.targets.electron_preflight import examine_shell

FLAGS = ("--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--user-data-dir={home}/profile")
PAGE = "<!doctype html><title>App</title><script>window.own = { invoke: (channel) => 0 }; process = {};</script>"
PRELOADED = """
window.api = Object.freeze({
  invoke: (channel) => Promise.reject(new Error(`No handler registered for '${channel}'`)),
  getName: () => "name", quit: () => { window.quitted = true; }, onEvent: (heard) => heard(new Event("x")),
});
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[PrivateSession]:
    with PrivateSession.start(secret_service=False) as session:
        yield session


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> ShellDescription:
    page = tmp_path_factory.mktemp("app") / "index.html"
    page.write_text(PAGE)
    released = (str(find_chromium()), *FLAGS, page.as_uri())
    return ShellDescription(
        "app", "1", "dev", f"{page.as_uri()}*", released=released,
        command=(*released, "--remote-debugging-port={port}"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def target(description: ShellDescription, machine: PrivateSession) -> Iterator[ElectronTarget]:
    opened = ElectronTarget(description, machine, Redactor())
    yield opened
    opened.close()


def recorder(seen: list[Observation] | None = None) -> Recorder:
    return Recorder("a/b@c", Redactor(), ([] if seen is None else seen).append)


def preloaded(target: ElectronTarget, monkeypatch: pytest.MonkeyPatch, **bridge: Sequence[str] | str) -> None:
    """As if a preload had put something into the page's world."""
    shell = target.running(1)
    described = BridgeDescription(("api",), **bridge)  # type: ignore[arg-type]
    monkeypatch.setattr(shell, "description", replace(shell.description, bridge=described))
    shell.main.call("Page.enable")
    shell.main.call("Page.addScriptToEvaluateOnNewDocument", source=PRELOADED)
    monkeypatch.setattr(shell, "forget", lambda: None)  # with its connection its scripts would go


def test_what_the_pages_own_scripts_define_is_no_bridge(target: ElectronTarget) -> None:
    surface = target.shell("dev", recorder()).surface("surface", "main")
    assert (surface.seen, surface.further, surface.reachable) == ((), (), ())
    assert not surface.documented


def test_functions_channels_and_callbacks_of_a_bridge_are_seen(
    target: ElectronTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = ("api.invoke", "api.getName/0", "api.quit", "api.onEvent")
    told = {"functions": functions, "spared": ("api.quit",), "subscribe": "api.onEvent", "provoke": "0"}
    seen = list[Observation]()
    with monkeypatch.context() as patch:
        preloaded(target, patch, **told)
        surface = target.shell("dev", recorder(seen)).surface("surface", "main")
    target.running(1).forget()
    assert set(surface.seen) == set(surface.declared) == {
        "api.invoke/1", "api.getName/0", "api.quit/0", "api.onEvent/1",
    }  # fmt: skip
    assert surface.channels == ("api.invoke",)
    assert surface.uncalled == ("api.quit/0",)
    assert surface.callbacks[:1] == ("[object Event]",)
    assert [each.kind for each in seen] == ["absence", "surface"]


def test_a_window_that_opens_elsewhere_is_seen_and_closed_again(target: ElectronTarget) -> None:
    shell, outside = target.shell("dev", recorder()), target.shell_outside("dev", recorder())
    try:
        openings = outside.open_windows("windows astray", "a new window", ["{elsewhere}", "data:text/plain,x"])
        assert any(url.startswith("http://127.0.0.1:") for url in openings.windows)
        assert openings.came == 1
        assert outside.lead("led astray", ["{elsewhere}"]).came == 2
        assert shell.state("after").windows == (target.running(1).url,)
        with pytest.raises(NotOffered):
            outside.meant("{issuer}/authorize")
    finally:
        outside.close()


def test_a_page_without_a_policy_lets_everything_happen_and_one_with_a_policy_nothing(
    target: ElectronTarget, description: ShellDescription, machine: PrivateSession, tmp_path: Path
) -> None:
    open_page = target.shell_policy("dev", recorder())
    for what in INTO_WINDOWS:
        trial = open_page.inject("an injection", what)
        assert (trial.happened, trial.possible, trial.reported) == (True, True, ()), what
    open_page.close()
    page = tmp_path / "index.html"
    policy = "default-src 'none'; base-uri 'none'"
    page.write_text(f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><title>App</title>')
    started = [part.replace(target.running(1).url, page.as_uri()) for part in description.command]
    closed = ElectronTarget(replace(description, page=f"{page.as_uri()}*", command=tuple(started)), machine, Redactor())
    held = closed.shell_policy("dev", recorder())
    try:
        for what in INTO_WINDOWS:
            trial = held.inject("an injection", what)
            assert (trial.happened, trial.possible, bool(trial.reported)) == (False, True, True), what
    finally:
        held.close()
        closed.close()


KEEP = """
(async () => {
  localStorage.setItem("auth", JSON.stringify({ refreshToken: "zq8Vb1-kept.as-a-member_1" }));
  sessionStorage.setItem("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r");
  localStorage.setItem("rt", "an-opaque-value-of-9f31c07d");
  localStorage.setItem("refresh_token_policy", "never-kept-in-storages");
})()
"""


def test_tokens_in_the_storages_of_a_window_are_found_by_their_names_and_by_their_values(
    target: ElectronTarget,
) -> None:
    described = replace(target.description, held={"refresh_token": "an-opaque-value-of-9f31c07d"})
    redactor = Redactor()
    other = ElectronTarget(described, target.machine, redactor)
    try:
        other.shell("dev", recorder())
        secrets = other.shell_secrets("dev", recorder())
        clean = secrets.search("after the sign-in")
        assert (clean.hits, clean.planted_found, clean.kinds) == ((), True, ("refresh_token",))
        other.running(1).main.evaluate(KEEP)
        secrets.reload()
        found = secrets.search("after a reload")
        places = {(hit.mark.partition(":")[0].strip("{"), hit.place) for hit in found.hits}
        assert ("refresh_token", "localStorage: window 1") in places
        assert ("code_verifier", "sessionStorage: window 1") in places
        assert len({hit.mark for hit in found.hits}) == 3
        assert found.planted_found
        kept = other.running(1).main.evaluate("JSON.stringify(localStorage) + typeof window.plantedByAuthassay")
        assert "authassay" not in kept.replace("plantedByAuthassay", "")
        assert kept.endswith("undefined")
    finally:
        other.close()


def test_what_needs_cooperation_is_not_offered(target: ElectronTarget) -> None:
    shell = target.shell("dev", recorder())
    for use in (shell.channels, shell.sign_out, lambda: shell.begin("x"), lambda: shell.send("x", "main", [])):
        with pytest.raises(NotOffered, match="cooperation"):
            use()
    with pytest.raises(NotOffered, match="none called palette"):
        shell.surface("surface", "palette")


def test_a_start_is_looked_at_as_users_start_it(target: ElectronTarget) -> None:
    started = target.shell_launch("dev", recorder()).start("a hostile start")
    assert started.settings["main"]["node in the page's world"] == "off"
    assert started.settings["main"]["reads across origins"] == "off"
    assert started.renderers
    assert len(started.listening) == 1, "plain Chromium opens its debugging port for whoever asks"
    assert "--remote-debugging-port={debug}" in started.tried


def test_a_shell_that_runs_already_goes_on_and_nothing_of_it_is_called(
    target: ElectronTarget, machine: PrivateSession
) -> None:
    running = target.running(1)
    attached = replace(running.description, command=(), released=(), debugging=running.address)
    other, seen = ElectronTarget(attached, machine, Redactor(), Leave()), list[Observation]()
    started = other.shell_launch("dev", recorder(seen)).start("a hostile start")
    other.close()
    assert (started.tried, bool(started.renderers)) == ((), True)
    assert seen[0].kind == "absence"
    assert running.process is not None
    assert running.process.poll() is None


def test_a_shell_that_does_not_start_is_told_once_with_what_it_said(
    description: ShellDescription, machine: PrivateSession
) -> None:
    broken = replace(description, command=("/bin/sh", "-c", "echo no display; exit 3"))
    target: Target = ElectronTarget(broken, machine, Redactor())
    for _ in range(2):
        with pytest.raises(TargetError, match="it has ended with 3: no display"):
            target.shell("dev", recorder())
    (row, rest) = examine_shell(broken, machine)[-2:]
    assert (row.what, row.state, rest.state) == ("start", "wrong", "not tried")


def test_a_pre_flight_names_what_the_shell_shows(description: ShellDescription, machine: PrivateSession) -> None:
    told = {each.what: each for each in examine_shell(description, machine)}
    assert description.page.rstrip("*") in told["page"].detail
    assert told["bridge"].state == "well"


def test_an_open_shell_shows_its_defects(machine: PrivateSession) -> None:
    pytest.importorskip("PySide6", reason="no Qt WebEngine is installed")
    file = Path(__file__).parents[2] / "targets" / "desktop_shell" / "open_shell.py"
    at = {"QTWEBENGINE_REMOTE_DEBUGGING": "127.0.0.1:{port}", "QT_QPA_PLATFORM": "offscreen"}
    bridge = BridgeDescription(("electron",), ("electron.open",), (), "electron.onEvent", "0")
    described = ShellDescription(
        "open",
        "1",
        "dev",
        "file://*/open_page.html",
        command=(sys.executable, str(file)),
        environment=at,
        bridge=bridge,
    )
    target = ElectronTarget(described, machine, Redactor())
    try:
        surface = target.shell("dev", recorder()).surface("surface", "main")
    finally:
        target.close()
    assert {"require", "process", "ipcRenderer", "raw IPC at electron.ipcRenderer"} <= {*surface.reachable}
    assert {"electron.ipcRenderer.invoke", "electron.ipcRenderer.send"} == {*surface.channels}
    assert "an object with sender" in surface.callbacks
    assert not surface.frozen
