"""The reference's desktop as its packer packs it, started from what was unpacked, and its web client; under attacks
that would lead them to another issuer."""

from __future__ import annotations

import json
import re
import secrets
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote, urlsplit

from harness.model import STAGES
from harness.observations.builds import PackedLogin, StageSelector
from harness.observe import Recorder
from harness.probes.bff import origin_of
from harness.probes.decoy import Decoy
from harness.probes.http import HttpProbe
from harness.targets.reference_build import build_clients
from harness.targets.reference_child import ChildGone, DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import NO_BUS, prepare

__all__ = ["ReferencePacked"]

PRODUCTION = "prod"
OPTION = re.compile(r"<button[^>]* data-stage=\"([^\"]*)\"")


class ReferencePacked:
    """Builds, unpacks, starts; every start has a home and an attacker of its own."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._folder = Path(mkdtemp(prefix="packed-", dir=target.folder))
        self._unpacked: dict[tuple[str, ...], Path] = {}

    def attack_desktop(self, case: str) -> PackedLogin:
        """Start production's desktop with everything that might re-point it, and begin a login in every way."""
        configured, attacker = self._target.addresses[PRODUCTION].issuer, Decoy()
        evil = f"https://auth.dev.localhost:{attacker.port}"
        attacks = ("environment", "arguments", "settings file", "deep link", "messages", "query")
        with ExitStack() as ends:
            ends.callback(attacker.close)
            try:
                child = self._start(ends, (PRODUCTION,), _environment(evil), _arguments(evil), evil)
            except ChildGone as gone:
                return self._told(case, "desktop", attacks, attacker, configured, "", str(gone), started=False)
            replies = [child.ask(**message) for message in _messages(evil)]
            self._visit(child, evil)
            begun = child.ask(do="begin_login")
            urls = [str(r["authorize_url"]) for r in (*replies, begun) if "authorize_url" in r]
            astray = [origin_of(url) for url in urls if origin_of(url) != configured]
            login = astray[0] if astray else origin_of(urls[-1]) if urls else ""
            return self._told(case, "desktop", attacks, attacker, configured, login, str(begun.get("message", "")))

    def attack_web(self, case: str) -> PackedLogin:
        """Begin a login at production's web client with everything that a request may carry."""
        at, attacker = self._target.addresses[PRODUCTION], Decoy()
        evil = f"https://auth.dev.localhost:{attacker.port}"
        agent = HttpProbe(self._target.new_client(), self._recorder, {urlsplit(at.web).hostname or ""})
        named = {"issuer": evil, "stage": "dev", "redirect_uri": evil, "authorization_endpoint": evil}
        query = "&".join(f"{name}={quote(value)}" for name, value in named.items())
        headers = {"Origin": at.web, "Cookie": "stage=dev", "X-Stage": "dev", "X-Issuer": evil}
        try:
            agent.get(case, f"{at.web}/login?{query}", headers=headers, role="web")
            sent = agent.post(case, f"{at.web}/start?{query}", named, headers=headers, role="web")
            other = agent.post(case, f"{at.web}/start/dev?{query}", named, headers=headers, role="web")
            led = [origin_of(one.location) for one in (other, sent) if one.location.startswith("http")]
            astray = [one for one in led if one != at.issuer]
            login = astray[0] if astray else led[-1] if led else ""
            attacks = ("query", "form", "headers", "cookies")
            return self._told(case, "web", attacks, attacker, at.issuer, login, sent.error)
        finally:
            attacker.close()

    def select(self, case: str) -> StageSelector:
        """Try the selector of an internal build with the stages that it has, and with values that are none."""
        stages, attacker = ("dev", "staging"), Decoy()
        evil = f"https://auth.prod.localhost:{attacker.port}"
        with ExitStack() as ends:
            ends.callback(attacker.close)
            child = self._start(ends, stages, {}, (), evil)
            window = self._window(child)
            page = window.get(case, f"{self._origin}/settings", role="window").text
            before = str(child.ask(do="status").get("stage"))
            answers: dict[str, str] = {}
            for value in ("prod", evil, "auth.evil.example", "STAGING", "staging ", "../prod", ""):
                reply = child.ask(do="switch_stage", stage=value, confirm="yes")
                answers[f"message: {_called(value, evil)}"] = "ok" if reply.get("ok") else str(reply.get("error"))
                path = f"/switch/{quote(value, safe='')}"
                sent = window.post(case, f"{self._origin}{path}", {}, headers={"Origin": self._origin}, role="window")
                answers[f"form: {_called(value, evil)}"] = "ok" if sent.status < 400 else f"HTTP {sent.status}"
            after = str(child.ask(do="status").get("stage"))
            for stage in reversed(stages):
                reply = child.ask(do="switch_stage", stage=stage, confirm="yes")
                at = child.ask(do="status").get("stage")
                answers[f"message: {stage}"] = "ok" if reply.get("ok") and at == stage else f"it is at {at}"
            return self._recorder.record(
                StageSelector(
                    case=case, about={"client": "desktop"}, stages=stages, offered=tuple(OPTION.findall(page)),
                    answers=answers, before=before, after=after,
                )
            )  # fmt: skip

    def _start(
        self,
        ends: ExitStack,
        stages: tuple[str, ...],
        environ: Mapping[str, str],
        arguments: tuple[str, ...],
        evil: str,
    ) -> DesktopChild:
        """The packed desktop of the first stage, which may be switched to the others. Raises ChildGone."""
        program = self._unpack(stages)
        surroundings = ends.enter_context(prepare(NO_BUS, self._target.machine, self._target.folder))
        _, environment = desktop_command(self._target, stages[0], f"authassay-{secrets.token_hex(4)}", surroundings)
        own = {name: value for name, value in environment.items() if name not in _environment(evil)}
        settings = surroundings.folder / "settings.json"
        settings.write_text(json.dumps({"stage": "dev", "issuer": evil}), encoding="utf-8")
        command = self._target.command("reference_impl.desktop", *arguments)
        given = {**own, **environ, "PYTHONPATH": str(program), "AUTH_SETTINGS": str(settings)}
        child = DesktopChild(command, given, str(program))
        ends.callback(child.stop)
        return child

    def _unpack(self, stages: tuple[str, ...]) -> Path:
        if stages not in self._unpacked:
            into = self._folder / "-".join(stages)
            internal = [word for stage in stages[1:] for word in ("--internal", stage)]
            build_clients(self._target, stages[0], into, *internal)
            with zipfile.ZipFile(into / "desktop.zip") as archive:
                archive.extractall(into / "program")
            self._unpacked[stages] = into / "program"
        return self._unpacked[stages]

    def _window(self, child: DesktopChild) -> HttpProbe:
        window = HttpProbe(self._target.new_client(), self._recorder, {"127.0.0.1"})
        link = str(child.ask(do="window")["window"])
        self._origin = origin_of(link)
        window.get("window", link, record=False)
        return window

    def _visit(self, child: DesktopChild, evil: str) -> None:
        """Open the window's pages with the attacker's address in their queries, and start a sign-in there so."""
        window, query = self._window(child), f"issuer={quote(evil)}&stage=dev"
        for path in ("/login", "/settings"):
            window.get("window", f"{self._origin}{path}?{query}", record=False)
        headers = {"Origin": self._origin}
        window.post("window", f"{self._origin}/start?{query}", {"issuer": evil}, headers=headers, record=False)

    def _told(
        self, case: str, client: str, attacks: tuple[str, ...], attacker: Decoy, configured: str, login: str,
        error: str, started: bool = True,
    ) -> PackedLogin:  # fmt: skip
        connections = attacker.connections
        return self._recorder.record(
            PackedLogin(
                case=case, about={"client": client, "stage": PRODUCTION}, attacks=attacks, started=started,
                configured=configured, login=login, connections=connections, listened=attacker.hears(), error=error,
            )
        )  # fmt: skip


def _environment(evil: str) -> dict[str, str]:
    issuers = ("AUTH_ISSUER", "AUTH_API", "OPENAUTH_ISSUER", "VITE_AUTH_ISSUER", "VITE_API_URL", "ISSUER")
    stages = ("AUTH_STAGE", "STAGE", "VITE_STAGE", "NODE_ENV")
    others = json.dumps({stage: {"issuer": evil, "api": evil} for stage in STAGES if stage != "dev"})
    return {
        **dict.fromkeys(issuers, evil), **dict.fromkeys(stages, "dev"), "AUTH_OTHER_STAGES": others,
        "AUTH_CLIENT_ID": "desktop-internal", "HTTPS_PROXY": evil, "https_proxy": evil,
    }  # fmt: skip


def _arguments(evil: str) -> tuple[str, ...]:
    return (f"--issuer={evil}", "--stage", "dev", f"app://login?issuer={quote(evil)}&stage=dev")


def _messages(evil: str) -> tuple[dict[str, str], ...]:
    return (
        {"do": "begin_login", "issuer": evil},
        {"do": "begin_login", "stage": "dev"},
        {"do": "begin_login", "stage": evil},
        {"do": "switch_stage", "stage": "dev", "confirm": "yes"},
        {"do": "switch_stage", "stage": evil, "confirm": "yes", "issuer": evil},
        {"do": "configure", "issuer": evil},
    )


def _called(value: str, evil: str) -> str:
    return {evil: "a URL", "": "nothing", "staging ": "a space at the end"}.get(value, value)
