"""The reference, running for the harness: moto as AWS, three stages in this process, what its ports share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import requests
from moto.server import ThreadedMotoServer

from harness.errors import NotHere
from harness.faults.launch import command, parts_of
from harness.faults.registry import Fault
from harness.machine.browsers import find_firefox
from harness.machine.chromium import find_chromium
from harness.machine.session import PrivateSession
from harness.model import STAGES
from harness.probes.browser import Chromium
from harness.probes.clients import HttpClient
from harness.probes.driver import UserAgents
from harness.probes.firefox import Firefox
from harness.probes.login import User
from harness.probes.requests_client import RequestsClient
from harness.probes.stage_address import Client, Route, StageAddress, SyncAddress
from harness.redact import Redactor
from harness.targets.reference_admin import Switches, with_switches
from harness.targets.reference_echo import TokenEcho
from harness.targets.reference_keys import KeyRequests
from harness.targets.reference_outage import RevocationOutage
from harness.targets.reference_sync_network import SyncNetwork
from harness.targets.reference_tap import TokenTap
from reference_impl.app import Reference, ReferenceStage
from reference_impl.clock import ShiftedClock
from reference_impl.loopback import loopback_session

__all__ = ["CLIENTS", "ReferenceHost"]

SWITCH_SECONDS = 0.0005  # servers and clients share this process: threads must hand over sooner than after 5 ms
PERSONAL = "witness-of-personal-data"  # a user whose name stands in no page or file but for him
CLIENTS = ("web", "desktop")  # those that every stage has; to go through all scenarios by more would be no use
SYNCERS = ("syncer1", "syncer2")  # whose notes are few
NAMED_ALIKE = "existing2"  # whose name begins with another's
USERS = ("existing", "second", "mallory", PERSONAL, NAMED_ALIKE, *SYNCERS, *(f"new{number}" for number in range(1, 41)))


class ReferenceHost:
    """Moto and the three stages, running. What their children need of the machine comes from `machine`."""

    stages: Sequence[str] = STAGES

    def __init__(self, machine: PrivateSession, redactor: Redactor, faults: Sequence[Fault] = ()) -> None:
        self.machine, self.redactor, self.faults = machine, redactor, tuple(faults)
        self.closing = ExitStack()
        self.shifted = _ToldClock()
        self.switches = {stage: Switches() for stage in STAGES}
        self.addresses: dict[str, StageAddress] = {}
        self.taps: dict[str, TokenTap] = {}
        self.outages: dict[str, RevocationOutage] = {}
        self.echoes: dict[str, TokenEcho] = {}
        self.shells: dict[str, Any] = {}  # by stage; what they are is known to reference_shell.py
        self.key_requests: dict[str, KeyRequests] = {}
        self.networks: dict[str, SyncNetwork] = {}
        self._browsers: dict[str, UserAgents] = {}

    @classmethod
    def open(cls, machine: PrivateSession, redactor: Redactor, faults: Sequence[Fault] = ()) -> Self:
        """Start moto and the three stages. Raises what the reference raises where it cannot start."""
        target = cls(machine, redactor, faults)
        try:
            target._start()
        except BaseException:
            target.close()
            raise
        return target

    def _start(self) -> None:
        self.closing.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_SECONDS)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server tells of every request
        told, nowhere = logging.getLogger("reference_impl"), logging.NullHandler()
        told.addHandler(nowhere)  # faults brought about are no news
        self.closing.callback(told.removeHandler, nowhere)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        self.closing.callback(server.stop)
        host, port = server.get_host_and_port()
        self.aws_endpoint = f"http://{host}:{port}"
        self.folder = Path(self.closing.enter_context(TemporaryDirectory(dir=self.machine.folder)))
        self.shifted.tell(self.clock_file)
        parts = {stage: with_switches(parts_of(self.faults, stage), self.switches[stage]) for stage in STAGES}
        self.reference = Reference.start(self.folder, self.aws_endpoint, parts, self.shifted, users=USERS)
        self.closing.callback(self.reference.stop)
        for stage, running in self.reference.stages.items():
            self.addresses[stage] = self._address(stage, running)
            self.taps[stage] = TokenTap(stage, self.redactor)
            self.taps[stage].attach(running.app.issuer.app)
            self.key_requests[stage] = KeyRequests()
            self.key_requests[stage].attach(running.app.issuer.app)
            self.outages[stage] = RevocationOutage(stage, running.app.issuer.app.wsgi_app)
            self.echoes[stage] = TokenEcho(self.outages[stage])
            running.app.issuer.app.wsgi_app = self.echoes[stage]  # type: ignore[method-assign]  # as Flask's docs tell
            self.networks[stage] = self._network(running)

    def _network(self, running: ReferenceStage) -> SyncNetwork:
        """What lies between the stage's pages, web application, issuer and API, from now on."""
        network, config = SyncNetwork(self.redactor), running.config
        for place, url in (("web", config.web_url), ("api", config.api_url), ("issuer", config.issuer)):
            app = running.app.apps[config.host(url)]
            app.wsgi_app = network.around(place, app.wsgi_app)  # type: ignore[method-assign, assignment]
        return network

    def _address(self, stage: str, running: ReferenceStage) -> StageAddress:
        for password in running.passwords.values():
            self.redactor.register(password, "password")
        registered = [
            Client(c.client_id, c.redirect_uris[0], c.native, other_redirect_uris=c.redirect_uris[1:])
            for c in running.config.clients
            if not c.confidential  # it has no secret until one is made: reference_rotation.py
        ]
        users = {name: User(name, password) for name, password in running.passwords.items()}
        api = running.api_url
        hosts = frozenset(f"{name}.{each}.localhost" for name in ("auth", "api", "app") for each in STAGES)
        return StageAddress(
            stage,
            running.issuer_url,
            api,
            f"{api}/me",
            running.web_url,
            {client.client_id: client for client in registered if client.client_id in CLIENTS},
            users,
            scope="api",
            audience=running.config.audience,
            further_clients=tuple(client for client in registered if client.client_id not in CLIENTS),
            web_data=("/session", "/api/me"),
            api_data=("/notes",),
            web_routes=(Route("POST", "/refresh"),),
            api_routes=(
                Route("POST", "/notes", '{"text": "a note"}'),
                Route("POST", "/notes", '{"text": ""}'),
                Route("HEAD", "/events"),
                Route("POST", "/workspaces"),
                Route("POST", "/workspaces/members", "{}"),
                Route("POST", "/sync/push", '{"mutations": [], "pushVersion": 1}'),  # of no client group: of anybody
                Route("POST", "/sync/pull", '{"cookie": null, "pullVersion": 1}'),
            ),
            push=Route("POST", "/notes", '{"text": "{witness}"}'),
            pull="/notes",
            sync=SyncAddress("/sync/push", "/sync/pull", "createNote", "appendToNote", "Workspace"),
            return_parameter="return_to",
            return_path="/settings",
            hosts=hosts,
            personal=PERSONAL,
        )

    @property
    def clock_file(self) -> Path:
        """Where child processes read how far the clock is ahead."""
        return self.folder / "clock"

    def new_session(self) -> requests.Session:
        """A user agent that trusts the reference's authority and finds its hosts on loopback."""
        return loopback_session(self.reference.ca_file)

    def new_client(self) -> HttpClient:
        """The same, for a probe."""
        return RequestsClient(self.new_session())

    def command(self, module: str, *arguments: str, clock: Path | None = None, debugging: str = "") -> list[str]:
        """The argv of a child process of the reference, with the faults in place."""
        return command(module, self.faults, *arguments, clock=clock, debugging=debugging)

    def browser(self, name: str) -> UserAgents:
        """The browser of this name, started when first asked for. Raises NotHere where there is none."""
        if name not in self._browsers:
            self._browsers[name] = browser = self._start_browser(name)
            self.closing.callback(browser.close)
        return self._browsers[name]

    def _start_browser(self, name: str) -> UserAgents:
        if name == "chromium":
            return Chromium(find_chromium(), self.machine.environment, self.reference.spki_hash)
        if name == "firefox":
            return Firefox(find_firefox(), self.machine.environment)
        raise NotHere(f"no automation of {name} yet", "run this cell with browser=chromium")

    def published_keys(self) -> Mapping[str, Mapping[str, object]]:
        return {stage: running.app.issuer.keys.jwks() for stage, running in self.reference.stages.items()}

    def close(self) -> None:
        """Stop everything that was started; safe to call twice."""
        self.closing.close()


class _ToldClock(ShiftedClock):
    """A clock that can be set forward, and tells child processes how far by a file."""

    _file: Path | None = None

    def tell(self, file: Path) -> None:
        self._file = file
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        if self._file is not None:
            told = self._file.with_suffix(".new")
            told.write_text(str(self._shift))
            told.replace(self._file)  # at once: who reads meanwhile finds the one or the other
