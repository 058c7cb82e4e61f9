"""Starts of the reference's server that lack one secret, beside a store that holds those of all stages."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import boto3

from harness.machine.commands import end_tree
from harness.machine.places import CHECKOUT
from harness.model import STAGES
from harness.observations import ProcessRun, SecretAccess
from harness.observe import Recorder
from harness.probes.http import HttpProbe
from harness.probes.requests_client import RequestsClient
from harness.probes.secret_store_tap import SecretStoreTap
from harness.redact import Redactor
from harness.scan import SecretScanner, observe_scan
from reference_impl.loopback import loopback_session
from reference_impl.secret_parameters import SECRETS, parameter_name

__all__ = ["Launch", "start_without"]

AT_ONCE = 4  # starts: most of each is the import of libraries
READY = 30.0  # seconds until a start is ready or has ended; long, because a slow machine is no finding
POLL = 0.05  # seconds between looks


@dataclass(frozen=True)
class Launch:
    """How a stage is started: its argv, its environment and the place of its issuer."""

    stage: str
    app: str
    command: list[str]
    environment: Mapping[str, str]
    issuer: str
    ca_file: Path
    folder: Path


def start_without(
    launch: Launch, lacking: Mapping[str, tuple[str, str]], store: str, redactor: Redactor, recorder: Recorder
) -> None:
    """One start for each case, several at once; what came of them is recorded in the order of the cases."""
    scanner = SecretScanner([])
    for value in _secrets(store, launch.app):
        redactor.register(value, "stage_secret")
    for secret in redactor.secrets():
        if secret.kind == "stage_secret":
            scanner.add(secret)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        starts = pool.map(lambda item: _Start(launch, store, *item).run(), lacking.items())
        for start in starts:
            start.record(recorder, scanner)


class _Start:
    """One start, from its tap on the store to its end."""

    def __init__(self, launch: Launch, store: str, case: str, lacks: tuple[str, str]) -> None:
        self._launch, self._store, self._case = launch, store, case
        self._secret, self._how = lacks
        self._folder = launch.folder / case.replace(" ", "-").replace(":", "")
        self._names: tuple[str, ...] = ()
        self._ready, self._exit_code, self._seconds = False, None, 0.0  # type: tuple[bool, int | None, float]

    def run(self) -> _Start:
        self._folder.mkdir()
        withheld = {parameter_name(self._launch.app, self._launch.stage, self._secret): self._how}
        began = time.monotonic()
        with closing(SecretStoreTap(self._store, withheld)) as tap, ExitStack() as ends:
            out, err = (ends.enter_context((self._folder / name).open("wb")) for name in ("stdout", "stderr"))
            child = subprocess.Popen(
                self._launch.command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**self._launch.environment, "AWS_ENDPOINT_URL": tap.url},
            )  # fmt: skip
            self._ready = self._wait(child)
            self._exit_code, self._seconds = child.poll(), round(time.monotonic() - began, 3)
            end_tree(child.pid)
            child.wait()
            self._names = tap.names
        return self

    def record(self, recorder: Recorder, scanner: SecretScanner) -> None:
        about = {"stage": self._launch.stage, "how": self._how, "required": " ".join(SECRETS)}
        said = {name: (self._folder / name).read_bytes() for name in ("stdout", "stderr")}
        recorder.record(observe_scan(self._case, said, scanner, about=about))
        prefixes = {stage: f"/{self._launch.app}/{stage}/" for stage in STAGES}
        own = prefixes.pop(self._launch.stage)
        recorder.record(
            SecretAccess(
                case=self._case, about=about, namespace=own, others=tuple(prefixes.values()), names=self._names
            )
        )
        out, err = (said[name].decode(errors="replace") for name in ("stdout", "stderr"))
        recorder.record(
            ProcessRun(
                case=self._case, about=about, argument=self._secret, ready=self._ready, exit_code=self._exit_code,
                seconds=self._seconds, stdout=out,
                stderr=err,
            )
        )  # fmt: skip
        if self._exit_code is not None:
            self._ask(recorder)

    def _ask(self, recorder: Recorder) -> None:
        """Ask for metadata and for a token where somebody would answer."""
        client = RequestsClient(loopback_session(self._launch.ca_file))
        agent, issuer = HttpProbe(client, recorder, stage=self._launch.stage), self._launch.issuer
        agent.get(self._case, f"{issuer}/.well-known/oauth-authorization-server", role="metadata")
        form = {"grant_type": "refresh_token", "refresh_token": "unknown", "client_id": "web"}
        agent.post(self._case, f"{issuer}/token", form, role="token")

    def _wait(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether the process said that it accepts connections; False also where it ended."""
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            ended = child.poll() is not None
            if b'"ready": true' in (self._folder / "stdout").read_bytes():
                return True
            if ended:
                return False
            time.sleep(POLL)
        return False


def _secrets(store: str, app: str) -> Iterator[str]:
    """The secret part of every secret of every stage in the store."""
    session = boto3.Session("harness", "harness", region_name="eu-west-1")
    with closing(session.client("ssm", endpoint_url=store)) as ssm:
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path=f"/{app}/", Recursive=True, WithDecryption=True
        )
        for page in pages:
            for parameter in page["Parameters"]:
                yield from _secret_parts(parameter["Value"])


def _secret_parts(text: str) -> Iterator[str]:
    """A key as it is; the secret member of a JWK; what is secret of a user's password hash."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, dict):
        yield str(value.get("d", text))
    elif isinstance(value, list):
        yield from (str(user["password_hash"]).rpartition("$")[2] for user in value)
    else:
        yield text
