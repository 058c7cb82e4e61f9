"""Any OAuth 2.0 or OpenID Connect issuer as a target, by its description."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlsplit

from harness.errors import NotOffered, TargetError
from harness.machine.chromium import find_chromium
from harness.machine.session import PrivateSession
from harness.model import STAGES
from harness.observations import LifetimeTable
from harness.observe import Recorder
from harness.ports import Clock, Documentation, Issuer, validating
from harness.probes.browser import Chromium, public_key_hash
from harness.probes.browser_login import BrowserLogin
from harness.probes.clients import CLIENTS, Bounds, HttpClient, new_client
from harness.probes.governor import Governor, Tolerance
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import Journey, Walk, walk_forms
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client, StageAddress
from harness.redact import Redactor
from harness.targets.base import BaseTarget, Leave
from harness.targets.description import Description
from harness.targets.trial_browsers import TrialBrowsers
from harness.targets.wall_clock import WallClock

__all__ = ["OAuthTarget"]

WAITS = 6  # the longest waits that one trial of a scenario may need
KEYS_KEPT = 60.0  # seconds that a stage's published keys are kept, so that not each scenario asks for them


@dataclass(frozen=True)
class _Keys:
    """A key set, and when it was asked for, by the monotonic clock."""

    asked: float
    jwks: Mapping[str, object]


class OAuthTarget(BaseTarget):
    """An issuer that runs somewhere, behind the ports. Its failures are confirmed by a second client."""

    confirms = True

    def __init__(
        self, description: Description, machine: PrivateSession, redactor: Redactor, leave: Leave | None = None
    ) -> None:
        """Its secrets are known to the redactor then. Nothing is sent before a scenario asks for it."""
        self.description, self.machine, self.redactor = description, machine, redactor
        self.leave = leave or Leave()
        self.name, self.version = description.name, description.version
        self.stages: Sequence[str] = tuple(stage for stage in STAGES if stage in description.stages)
        self.declared_absent = description.absent
        self.parameters, self.remedies = description.parameters, description.remedies
        self.expected_failures = description.expected_failures
        self.patience = description.limits.max_wait
        limits = description.limits
        self.scenario_seconds = BaseTarget.scenario_seconds + WAITS * self.patience + limits.patience
        self.closing = ExitStack()
        self._bounds = Bounds(whole=limits.answer, body=limits.body)
        self._governor = Governor(Tolerance(rate=limits.rate, patience=limits.patience), self.leave.read_only)
        self._keys: dict[str, _Keys] = {}
        _register_secrets(description, redactor)

    def spares(self, stage: str) -> str:
        if self.leave.allow_destructive or not self.description.stages[stage].prod:
            return ""
        return f"its description marks {stage} as production; to run it all the same: --allow-destructive"

    def client_of_trial(self, trial: int) -> str:
        return CLIENTS[trial - 1]

    def issuer(self, stage: str, recorder: Recorder) -> Issuer:
        return self._issuer(stage, recorder)

    def clock(self) -> Clock:
        return validating(Clock, WallClock(self.description.limits.max_wait, self.declared_absent.get("clock", "")))

    def documentation(self, recorder: Recorder) -> Documentation:
        if not self.description.lifetimes:
            return super().documentation(recorder)
        return validating(Documentation, _DescribedLifetimes(self.description, recorder))

    def close(self) -> None:
        self.closing.close()

    def new_client(self, stage: str, trial: int = 1) -> HttpClient:
        """The HTTP client of a trial, with an empty cookie jar."""
        return self._governor.governs(new_client(trial, self.description.stages[stage].ca_file, self._bounds))

    def published_keys(self) -> Mapping[str, Mapping[str, object]]:
        """Every stage's JWKS, as published; empty where a stage publishes none."""
        return {stage: self._jwks(stage) for stage in self.stages}

    def _issuer(self, stage: str, recorder: Recorder) -> OAuthIssuer:
        described = self.description.stages[stage]
        address = replace(
            described.address(stage),
            login=self.description.login,
            login_hosts=described.hosts,
            absent=self.description.absent,
        )
        walk = self._walk(recorder)
        return OAuthIssuer(address, lambda: self.new_client(stage, recorder.trial), recorder, self.published_keys, walk)

    def _walk(self, recorder: Recorder) -> Walk:
        """How users log in here. A browser sends what its pages want, so a run that only reads has none."""
        if self.description.login.by == "form":
            return walk_forms
        if self.leave.read_only:
            return _reads_only
        return BrowserLogin(lambda: self._browsers.of(recorder).new_context(), self._governor, recorder)

    @cached_property
    def _browsers(self) -> TrialBrowsers:
        browsers = TrialBrowsers(self._start_browser)
        self.closing.callback(browsers.close)
        return browsers

    def _start_browser(self) -> Chromium:
        """A browser that goes to the target's hosts and to no other. Raises NotHere where there is none."""
        stages = [(stage.address(name), stage.ca_file) for name, stage in self.description.stages.items()]
        keys = [public_key_hash(host, port, file) for address, file in stages if file for host, port in _tls(address)]
        hosts = {host for address, _ in stages for host in address.allowed_hosts}
        return Chromium(find_chromium(), self.machine.environment, *keys, hosts=hosts)

    def _jwks(self, stage: str) -> Mapping[str, object]:
        kept = self._keys.get(stage)
        if kept is None or time.monotonic() - kept.asked > KEYS_KEPT:
            kept = self._keys[stage] = _Keys(time.monotonic(), self._ask_for_keys(stage))
        return kept.jwks

    def _ask_for_keys(self, stage: str) -> Mapping[str, object]:
        unheard = Recorder("published keys", self.redactor, lambda _: None)  # no scenario's stimulus
        at = self._issuer(stage, unheard)
        try:
            url = at.metadata.get("jwks_uri", "")
        except TargetError:
            return {}
        return at.new_agent().get("keys", url, role="keys").json() if url else {}


def _register_secrets(description: Description, redactor: Redactor) -> None:
    stages = description.stages.values()
    passwords = {user.password for stage in stages for user in stage.users.values()} | {*description.secrets}
    for password in passwords - {""}:
        redactor.register(password, "password")
    for secret in {client.secret for stage in stages for client in stage.clients.values()} - {""}:
        redactor.register(secret, "client_secret")
    for stage in stages:
        clients = [text for each in stage.clients.values() for text in (each.client_id, *_registered(each))]
        redactor.publish(stage.issuer, stage.discovery, stage.protected, stage.web, stage.scope, *clients)


def _registered(client: Client) -> tuple[str, ...]:
    return (client.redirect_uri, *client.other_redirect_uris)


def _reads_only(agent: HttpProbe, journey: Journey) -> tuple[Answer, bool]:
    if journey.user is None:
        return walk_forms(agent, journey)
    raise NotOffered("writing", "the run is read-only")


def _tls(address: StageAddress) -> list[tuple[str, int]]:
    """Where the stage speaks TLS: the issuer's host and port."""
    parts = urlsplit(address.issuer)
    return [(parts.hostname or "", parts.port or 443)] if parts.scheme == "https" else []


@dataclass(frozen=True)
class _DescribedLifetimes:
    """The lifetimes that the description says are documented."""

    description: Description
    recorder: Recorder

    @property
    def _file(self) -> str:
        return self.description.file.name if self.description.file else "its description"

    def lifetimes(self, case: str, stage: str) -> LifetimeTable:
        return self.recorder.record(
            LifetimeTable(
                case=case,
                about={"stage": stage},
                stage=stage,
                source=self.description.documented_in or f"what its operators say in [lifetimes] of {self._file}",
                limits=self.description.lifetimes,
                assurance=self.description.assurance,
            )
        )
