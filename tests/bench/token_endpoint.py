"""Requests per second at the token endpoint: refresh tokens exchanged one after the other, by several clients at once.

Each server is one process, held to one processor; the clients have another, where there is one. Each session presents
the refresh token that the request before brought, over TLS, on a connection that is kept.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import trustme

from harness.errors import NotHere, TargetError
from harness.machine.npm import OPENAUTH, LockedPackages
from harness.machine.session import PrivateSession
from harness.observe import Recorder
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import Journey, User
from harness.probes.oauth import OAuthIssuer
from harness.probes.requests_client import RequestsClient
from harness.probes.stage_address import Client, StageAddress
from harness.redact import Redactor
from harness.targets.openauth import OpenAuthTarget
from harness.targets.reference import ReferenceTarget
from reference_impl.loopback import loopback_session
from tests.targets import systems

SESSIONS = 8  # clients that refresh at once
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Serving:
    """A token endpoint, and sessions to refresh."""

    url: str
    client_id: str
    tokens: tuple[str, ...] = field(repr=False)


def measure(machine: PrivateSession, seconds: float) -> dict[str, Any]:
    """Refreshes per second at each of three issuers, in one run."""
    servers: Mapping[str, Callable[[PrivateSession], Any]] = {
        "reference_impl": _reference,
        "OpenAuth on Node": _openauth,
        "oidc-provider on Node": _oidc_provider,
    }
    figures: dict[str, Any] = {}
    for name, serve in servers.items():
        try:
            with serve(machine) as serving:
                figures[name] = _load(serving, seconds)
        except NotHere as absent:
            figures[name] = f"not run: {absent}"
    return {"unit": "refreshes/s", "sessions": SESSIONS, "figures": figures, "ratios": _ratios(figures)}


def _ratios(figures: Mapping[str, Any]) -> dict[str, float]:
    own, *others = figures.items()
    return {
        f"{own[0]} : {name}": round(own[1] / figure, 2)
        for name, figure in others
        if isinstance(figure, float) and isinstance(own[1], float) and figure
    }


def _load(serving: Serving, seconds: float) -> float:
    """Refresh for so long; answers per second. Raises TargetError where one is refused, or none comes in time."""
    sessions = [_Session(serving, token) for token in serving.tokens]
    with _held_to(0, CLIENT_CORE), ThreadPoolExecutor(len(sessions)) as pool:
        list(pool.map(_Session.refresh, sessions))  # connects, and warms both sides up: not measured
        began = time.monotonic()
        done: int = sum(pool.map(lambda session: session.refresh_until(began + seconds), sessions))
        took = time.monotonic() - began
    if not done:
        raise TargetError(f"no refresh was answered in {seconds:g} s: give it longer")
    return round(done / took, 1)


class _Session:
    """One client's session, on a connection of its own."""

    def __init__(self, serving: Serving, token: str) -> None:
        self._token, self._client_id, self._host = token, serving.client_id, urlsplit(serving.url).netloc
        self._connection, self._path = _connect(serving.url)

    def refresh(self) -> None:
        """Exchange the token that the refresh before brought. Raises TargetError."""
        form = {"grant_type": "refresh_token", "refresh_token": self._token, "client_id": self._client_id}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": self._host}
        try:
            self._connection.request("POST", self._path, urlencode(form), headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise TargetError(f"a refresh was not answered: {error}") from error
        if answer.status != 200:
            raise TargetError(f"a refresh was refused: HTTP {answer.status}: {body[:200]!r}")
        self._token = json.loads(body).get("refresh_token", self._token)

    def refresh_until(self, ends: float) -> int:
        """Refresh until then, by the monotonic clock; return how often."""
        done = 0
        while time.monotonic() < ends:
            self.refresh()
            done += 1
        return done


def _connect(url: str) -> tuple[http.client.HTTPSConnection, str]:
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False  # a certificate of our own, on loopback: what is measured is the same without it
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", parts.port, context=context), parts.path


@contextmanager
def _held_to(pid: int, core: int) -> Iterator[None]:
    """Hold a process (0: this one) to one processor, where the system can and has it."""
    if not hasattr(os, "sched_setaffinity") or core >= (os.cpu_count() or 1):
        yield
        return
    before = os.sched_getaffinity(pid)
    os.sched_setaffinity(pid, {core})
    try:
        yield
    finally:
        if pid == 0:
            os.sched_setaffinity(pid, before)


def _log_in(at: OAuthIssuer, client: Client, user: User) -> Serving:
    grants = [at.log_in("bench", client, user) for _ in range(SESSIONS)]
    return Serving(at.metadata["token_endpoint"], client.client_id, tuple(grant.refresh_token for grant in grants))


def _have(packages: LockedPackages) -> None:
    """Install them unless they are there. Raises NotHere."""
    try:
        packages.find()
    except NotHere:
        packages.install()


def _recorder() -> Recorder:
    return Recorder("bench", Redactor(), lambda _: None)


@contextmanager
def _reference(machine: PrivateSession) -> Iterator[Serving]:
    recorder = _recorder()
    target = ReferenceTarget.open(machine, Redactor())
    process = target.process(recorder)
    try:
        at = process.serve("prod")
        child = process._port._child  # type: ignore[attr-defined]  # a benchmark may look at what it measures
        serving = _log_in(at, at.address.clients["desktop"], at.address.users["existing"])
        with _held_to(child.pid, SERVER_CORE):
            yield serving
    finally:
        process.close()
        target.close()


@contextmanager
def _openauth(machine: PrivateSession) -> Iterator[Serving]:
    _have(OPENAUTH)
    target = OpenAuthTarget.start("openauth", machine, Redactor())
    try:
        at = target.issuer("prod", _recorder())
        serving = _log_in(at, at.address.clients["native"], at.address.users["existing"])
        with _held_to(target.processes["prod"]._process.pid, SERVER_CORE):
            yield serving
    finally:
        target.close()


@contextmanager
def _oidc_provider(machine: PrivateSession) -> Iterator[Serving]:
    _have(systems.OIDC_PROVIDER)
    password, authority = "bench-password", trustme.CA(key_type=trustme.KeyType.ECDSA)
    ca_file = machine.folder / "bench-ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    place = systems._place("prod", machine, authority, {"PASSWORD": password, "CLIENT_SECRET": "bench"})
    process: subprocess.Popen[bytes] = systems._oidc_provider(place)
    try:
        systems._wait_for(place, process, ca_file)
        client = Client("native", "http://127.0.0.1/callback", native=True)
        user = User("alice@users.example", password)
        address = StageAddress("prod", place.origin, "", "", "", {"native": client}, {"existing": user}, scope="openid")
        at = OAuthIssuer(
            address, lambda: RequestsClient(loopback_session(ca_file)), _recorder(), dict, _walk_oidc_provider
        )
        serving = _log_in(at, client, user)
        with _held_to(process.pid, SERVER_CORE):
            yield serving
    finally:
        process.kill()
        process.wait()


def _walk_oidc_provider(agent: HttpProbe, journey: Journey) -> tuple[Answer, bool]:
    """Follow redirects, and send the form that the login page's script makes."""
    answer = agent.get(journey.case, journey.url)
    for _ in range(12):
        if answer.location:
            if journey.ends(answer.location):
                break
            answer = agent.get(journey.case, answer.location)
        elif "/login/" in answer.url and journey.user:
            form = {"user": journey.user.name, "password": journey.user.password}
            answer = agent.post(journey.case, answer.url, form)
        else:
            break
    return answer, False
