"""OpenAuth as a target: `openauth` with its defaults, `openauth-hardened` as strict as its own options can make it.

The issuers are started here, one process for each stage, with keys, storage and accounts of its own, and end with the
run. What OpenAuth lacks, and how each failed expectation is mended, is told in `openauth.toml`.
"""

from __future__ import annotations

import json
import secrets
import time
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

import trustme

from harness.machine.npm import OPENAUTH
from harness.machine.session import PrivateSession
from harness.model import STAGES
from harness.observations import DocumentedLifetime
from harness.ports import Clock, validating
from harness.probes.login import Login, User
from harness.probes.stage_address import Client, StageAddress
from harness.redact import Redactor
from harness.targets.base import Leave
from harness.targets.description import Description, Limits, StageDescription
from harness.targets.oauth import OAuthTarget
from harness.targets.openauth_process import OpenAuthProcess

__all__ = ["VARIANTS", "OpenAuthTarget"]

VARIANTS = ("openauth", "openauth-hardened")
USERS = ("existing", "second", "mallory")
DAY = 86400.0
# What each variant is configured to, which is what its operator would document: seconds.
ACCESS = {"openauth": 30 * DAY, "openauth-hardened": 900.0}
REFRESH = {"openauth": 365 * DAY, "openauth-hardened": 7 * DAY}
REUSE = {"openauth": 60.0, "openauth-hardened": 10.0}


class OpenAuthTarget(OAuthTarget):
    """Three running stages. Their clocks can be set forward, so that lifetimes pass without waiting."""

    processes: Mapping[str, OpenAuthProcess]

    @classmethod
    def start(cls, variant: str, machine: PrivateSession, redactor: Redactor, leave: Leave | None = None) -> Self:
        """Start all stages. Raises NotHere where Node or OpenAuth is not here, TargetError where one does not start."""
        with ExitStack() as starting:
            stages, processes = _start_stages(variant, machine, starting)
            target = cls(_description(variant, stages), machine, redactor, leave)
            target.closing.callback(starting.pop_all().close)
        target.processes = processes
        target.patience = None  # one process each, without caches: what takes effect does so at once
        return target

    @property
    def ca_file(self) -> Path:
        """The authority of all stages' certificates (PEM)."""
        return next(Path(stage.ca_file) for stage in self.description.stages.values() if stage.ca_file)

    @property
    def addresses(self) -> Mapping[str, StageAddress]:
        return {stage: described.address(stage) for stage, described in self.description.stages.items()}

    def clock(self) -> Clock:
        return validating(Clock, self._clock)

    @cached_property
    def _clock(self) -> _Clock:
        return _Clock(self.processes)  # one: it remembers how far ahead the stages were set


class _Clock:
    """The clocks of the stages, each its own."""

    def __init__(self, processes: Mapping[str, OpenAuthProcess]) -> None:
        self._processes = processes
        self._ahead = dict.fromkeys(processes, 0.0)

    def now(self, stage: str) -> float:
        return time.time() + self._ahead[stage]

    def advance(self, stage: str, seconds: float) -> None:
        self._processes[stage].tell({"advance": seconds})
        self._ahead[stage] = float(self._processes[stage].hear()["ahead"])


def _start_stages(
    variant: str, machine: PrivateSession, starting: ExitStack
) -> tuple[dict[str, StageDescription], dict[str, OpenAuthProcess]]:
    """Start the stages side by side, with users and certificates made for this once."""
    users = {name: User(f"{name}@users.example", secrets.token_urlsafe(16)) for name in USERS}
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    folder = Path(mkdtemp(prefix="openauth-", dir=machine.folder))  # removed with the run's own
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.cert_pem.bytes())
    processes: dict[str, OpenAuthProcess] = {}
    for stage in STAGES:
        processes[stage] = OpenAuthProcess.start(stage, machine, folder)
        starting.callback(processes[stage].stop)
        processes[stage].tell(_configuration(variant, stage, users, authority))
    ports = {stage: process.hear() for stage, process in processes.items()}
    stages = {
        stage: StageDescription(
            issuer=f"https://auth.{stage}.localhost:{ports[stage]['issuerPort']}",
            clients=_clients(stage),
            users=users,
            protected=f"https://api.{stage}.localhost:{ports[stage]['apiPort']}/me",
            ca_file=ca_file,
        )
        for stage in STAGES
    }
    return stages, processes


def _clients(stage: str) -> dict[str, Client]:
    """A client in the browser, on a host of the stage, and one on the user's machine."""
    web = f"https://app.{stage}.localhost/callback"
    return {
        "web": Client("web", web, other_redirect_uris=(f"{web}/silent",)),
        "native": Client("native", "http://127.0.0.1:8765/callback", native=True),
    }


def _configuration(variant: str, stage: str, users: Mapping[str, User], authority: trustme.CA) -> Mapping[str, object]:
    """What `server.mjs` is told. It holds secrets: it goes through a pipe, into no file and no environment."""
    leaf = authority.issue_cert(f"*.{stage}.localhost", key_type=trustme.KeyType.ECDSA)
    chain = "".join(certificate.bytes().decode() for certificate in leaf.cert_chain_pems)
    return {
        "variant": variant,
        "issuerHost": f"auth.{stage}.localhost",
        "clients": {
            name: {"redirectURIs": [client.redirect_uri, *client.other_redirect_uris], "native": client.native}
            for name, client in _clients(stage).items()
        },
        "users": {user.name: user.password for user in users.values()},
        "tls": {"key": leaf.private_key_pem.bytes().decode(), "cert": chain},
    }


def _description(variant: str, stages: Mapping[str, StageDescription]) -> Description:
    told: dict[str, Any] = tomllib.loads(files("harness.targets").joinpath("openauth.toml").read_text("utf-8"))
    version = json.loads((OPENAUTH.find() / "package.json").read_text())["version"]
    remedies = {**told["remedies"], **(told["remedies_when_hardened"] if variant != VARIANTS[0] else {})}
    return Description(
        name=variant,
        version=version,
        stages=stages,
        login=Login(decline="Decline"),
        parameters={"reuse_grace": REUSE[variant]},
        absent={capability: reason.format(version=version) for capability, reason in told["absent"].items()},
        remedies=remedies,
        limits=Limits(rate=1000.0),  # a process of our own on loopback
        assurance="AAL1",  # a password and nothing else: NIST SP 800-63B-4 §2.1.1
        lifetimes={
            "access_token": DocumentedLifetime(ACCESS[variant]),
            "refresh_idle": DocumentedLifetime(REFRESH[variant]),
            "reuse_grace": DocumentedLifetime(REUSE[variant]),
        },
        documented_in=f"what OpenAuth {version} documents of its option ttl",
    )
