"""The reference's server as a process of its own: one stage, with its own port, database and configuration."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.machine.places import CHECKOUT
from harness.observations import ProcessRun, SecretScan
from harness.observe import Recorder
from harness.probes.clients import HttpClient
from harness.probes.faulty_proxy import FaultyProxy
from harness.probes.http import HttpProbe
from harness.probes.login import User
from harness.probes.oauth import OAuthIssuer
from harness.probes.requests_client import RequestsClient
from harness.probes.stage_address import Client, StageAddress
from harness.scan import SecretScanner, observe_scan
from harness.targets.reference_host import CLIENTS, ReferenceHost
from harness.targets.reference_secretless import Launch, start_without
from harness.targets.reference_tokens import SECRETS, MintedTokens
from reference_impl.aws import AwsAccess
from reference_impl.config import registered_clients
from reference_impl.loopback import LoopbackHost, loopback_session
from reference_impl.provision import DEFAULT_APP, Provisioned, StageUrls, provision
from reference_impl.secret_parameters import SECRETS as STAGE_SECRETS

__all__ = ["ReferenceProcess"]

START = 30.0  # seconds until a start is ready or has ended; long, because a slow machine is no finding
POLL = 0.02  # seconds between looks
HASH_COST = 2**10
PRODUCTION = "prod"


@dataclass(frozen=True)
class Deployment:
    """A stage as it is deployed for this process: where it is, and all that it is started with."""

    stage: str
    urls: StageUrls
    database: Path
    provisioned: Provisioned = field(repr=False)


class ReferenceProcess:
    """Starts, kills and restarts one child process; its files lie in the target's private folder."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._folder = Path(mkdtemp(prefix="process-", dir=target.folder))
        self._host = LoopbackHost(self._folder)
        self._minted = MintedTokens(target.redactor, SECRETS)
        self._deployments: dict[str, Deployment] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._stage = ""
        self._to_bus: FaultyProxy | None = None

    def start(self, case: str, stage: str | None) -> ProcessRun:
        """Start production's configuration with this stage in its place, look at it, and stop it."""
        deployment = self._deploy(PRODUCTION)
        started = time.monotonic()
        self._launch(deployment, stage)
        ready = self._wait_until_ready()
        seconds = round(time.monotonic() - started, 3)
        self._ask(case, deployment)
        exit_code = self._running.poll()
        self.kill()
        return self._recorder.record(
            ProcessRun(
                case=case,
                argument=stage or "",
                ready=ready,
                exit_code=exit_code,
                stdout=self._said("stdout"),
                stderr=self._said("stderr"),
                seconds=seconds,
            )
        )

    def secrets(self) -> Sequence[str]:
        return STAGE_SECRETS

    def start_without(self, stage: str, lacking: Mapping[str, tuple[str, str]]) -> None:
        deployment = self._deploy(stage)
        launch = Launch(
            stage,
            DEFAULT_APP,
            self._target.command("reference_impl"),
            self._environment(deployment, stage),
            deployment.urls.issuer,
            self._host.ca_file,
            self._folder,
        )
        start_without(launch, lacking, self._target.aws_endpoint, self._target.redactor, self._recorder)

    def serve(self, stage: str) -> OAuthIssuer:
        """Start a stage and leave it running. Raises TargetError where it does not become ready."""
        deployment = self._deploy(stage)
        self._stage = stage
        there = urlsplit(self._target.aws_endpoint)
        self._to_bus = self._to_bus or FaultyProxy(there.hostname or "", there.port or 0)
        self._launch(deployment, stage)
        self._require_ready()
        return OAuthIssuer(_address(deployment), self._new_client, self._recorder, lambda: self._keys(deployment))

    def scan_output(self, case: str) -> SecretScan:
        """Search what the process wrote to its standard streams."""
        scanner = SecretScanner(self._minted.secrets())
        places: dict[str, Path | bytes] = {stream: self._folder / stream for stream in ("stdout", "stderr")}
        return self._recorder.record(observe_scan(case, places, scanner, about={"stage": self._stage}))

    def kill(self) -> None:
        """SIGKILL, or what this system has in its place."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def restart(self) -> None:
        """Start again what was killed; it comes back when all that the outbox held has been published."""
        deployment = self._deploy(self._stage)
        self._launch(deployment, self._stage)
        self._require_ready()
        if self._network_to_bus.mode == "pass":
            _wait_until_published(deployment.database)

    def bus_away(self) -> None:
        """Connections to the bus are reset once their request has come."""
        self._network_to_bus.mode = "reset"

    def bus_back(self) -> None:
        """It comes back when all that the outbox held has been published."""
        self._network_to_bus.mode = "pass"
        _wait_until_published(self._deploy(self._stage).database)

    def close(self) -> None:
        self.kill()
        self._child = None
        if self._to_bus is not None:
            self._to_bus.close()

    @property
    def _network_to_bus(self) -> FaultyProxy:
        if self._to_bus is None:
            raise TargetError("no stage is served, so none has a bus")
        return self._to_bus

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise TargetError("no process was started")
        return self._child

    def _deploy(self, stage: str) -> Deployment:
        """Provision a stage for this process, once."""
        if stage not in self._deployments:
            urls = StageUrls.on_loopback(stage, _free_port())
            database = self._folder / f"{stage}.sqlite"
            provisioned = provision(
                stage,
                urls,
                database,
                AwsAccess(self._target.aws_endpoint, access_key_id="reference", secret_access_key="reference"),
                users=("existing",),
                ca_file=self._host.ca_file,
                scrypt_cost=HASH_COST,
            )
            for password in provisioned.passwords.values():
                self._recorder.redactor.register(password, "password")
            self._deployments[stage] = Deployment(stage, urls, database, provisioned)
        return self._deployments[stage]

    def _environment(self, deployment: Deployment, stage: str | None) -> dict[str, str]:
        port = urlsplit(deployment.urls.issuer).port
        environment = {
            **self._target.machine.environment,
            **deployment.provisioned.environ,
            "AUTH_LISTEN": f"127.0.0.1:{port}",
            "AUTH_TLS_CERT": str(self._host.cert_file),
            "AUTH_STAGE": stage or "",
        }
        if self._to_bus is not None:
            environment["AWS_ENDPOINT_URL_EVENTBRIDGE"] = self._to_bus.url
        if stage is None:
            del environment["AUTH_STAGE"]
        return environment

    def _launch(self, deployment: Deployment, stage: str | None) -> None:
        environment = self._environment(deployment, stage)
        with (self._folder / "stdout").open("wb") as out, (self._folder / "stderr").open("wb") as err:
            self._child = subprocess.Popen(
                self._target.command("reference_impl"),
                env=environment,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def _wait_until_ready(self) -> bool:
        """Whether the process said that it accepts connections; False also where it ended."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            ended = self._running.poll() is not None
            if '"ready": true' in self._said("stdout"):
                return True
            if ended:
                return False
            time.sleep(POLL)
        return False

    def _require_ready(self) -> None:
        if not self._wait_until_ready():
            self.kill()
            raise TargetError(f"the server of {self._stage} did not start: {self._said('stderr')[-500:]}")

    def _ask(self, case: str, deployment: Deployment) -> None:
        """Ask for metadata and for a token, whether or not somebody is there to answer."""
        agent, issuer = HttpProbe(self._new_client(), self._recorder, stage=deployment.stage), deployment.urls.issuer
        agent.get(case, f"{issuer}/.well-known/oauth-authorization-server", role="metadata")
        form = {"grant_type": "refresh_token", "refresh_token": "unknown", "client_id": "web"}
        agent.post(case, f"{issuer}/token", form, role="token")

    def _said(self, stream: str) -> str:
        return (self._folder / stream).read_text(errors="replace")

    def _new_client(self) -> HttpClient:
        return RequestsClient(loopback_session(self._host.ca_file))

    def _keys(self, deployment: Deployment) -> Mapping[str, Mapping[str, object]]:
        with loopback_session(self._host.ca_file) as session:
            found = session.get(f"{deployment.urls.issuer}/.well-known/jwks.json").text
        return {deployment.stage: json.loads(found)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(deployment: Deployment) -> StageAddress:
    urls = deployment.urls
    clients = {
        c.client_id: Client(c.client_id, c.redirect_uris[0], c.native)
        for c in registered_clients(urls.web, deployment.stage)
        if c.client_id in CLIENTS
    }
    users = {name: User(name, password) for name, password in deployment.provisioned.passwords.items()}
    return StageAddress(
        deployment.stage, urls.issuer, urls.api, f"{urls.api}/me", urls.web, clients, users, scope="api"
    )


def _wait_until_published(database: Path) -> None:
    """Wait until the outbox in this file is empty. Raises TargetError where it does not get so."""
    deadline = time.monotonic() + START
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        while connection.execute("SELECT count(*) FROM outbox WHERE settled_at IS NULL").fetchone()[0]:
            if time.monotonic() > deadline:
                raise TargetError("the restarted server does not publish what its outbox holds")
            time.sleep(POLL)
