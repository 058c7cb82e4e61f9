"""Builds of the reference's clients, made by its packer in a process of its own, with canaries wherever a build machine
has secrets; and the search of what comes out."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.machine.places import CHECKOUT
from harness.model import STAGES
from harness.observe import Recorder
from harness.probes.artifacts import StageValue, observe_values
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import backwards
from harness.targets.reference_host import ReferenceHost

__all__ = ["ReferenceArtifacts", "build_clients"]

SECONDS = 60.0
# What a stage's build machine may hold; production's are at hand in every build, as where one file configures all.
OWN = ("CLIENT_SECRET", "SIGNING_KEY", "VITE_PAYMENTS_KEY", "DATABASE_PASSWORD")
EVERY = tuple(f"{stage.upper()}_{name}" for stage in STAGES for name in OWN)


def build_clients(
    target: ReferenceHost, stage: str, into: Path, *options: str, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Pack the clients of a stage. Raises TargetError where the packer does not end well."""
    into.mkdir(parents=True, exist_ok=True)
    outputs = into / "stages.json"
    addresses = {name: {"issuer": at.issuer, "api": at.api, "web": at.web} for name, at in target.addresses.items()}
    outputs.write_text(json.dumps(addresses), encoding="utf-8")
    where = ("--outputs", str(outputs), "--stage", stage, "--into", str(into), "--ca", str(target.reference.ca_file))
    done = subprocess.run(
        target.command("reference_impl.build", *where, *options), cwd=CHECKOUT, timeout=SECONDS, check=False,
        capture_output=True, env={**target.machine.environment, **(environ or {}), "AUTH_STAGE": stage},
    )  # fmt: skip
    if done.returncode:
        raise TargetError(f"the packer ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done


class ReferenceArtifacts:
    """Builds for one stage after the other, and searches each."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._folder = Path(mkdtemp(prefix="build-", dir=target.folder))
        self._canaries = {name: secrets.token_urlsafe(24) for name in EVERY}
        for name, value in self._canaries.items():
            target.redactor.register(value, f"{name.partition('_')[0].lower()}_secret")

    def build(self, case: str, stage: str) -> None:
        into, about = self._folder / stage, {"stage": stage}
        done = build_clients(self._target, stage, into, environ=self._environment(stage))
        for artifact in sorted(into.glob("*.zip")):
            named = {**about, "artifact": artifact.name}
            self._recorder.record(observe_scan(case, {artifact.name: artifact}, self._scanner(), about=named))
            self._recorder.record(observe_values(case, artifact, self._values(), named))
        log = {"stdout": done.stdout, "stderr": done.stderr}
        self._recorder.record(observe_scan(f"{case}: log", log, self._scanner(), about=about))

    def _environment(self, stage: str) -> dict[str, str]:
        own = {name: self._canaries[f"{stage.upper()}_{name}"] for name in OWN}
        return {**self._canaries, **own, "BUILD_NUMBER": "1"}

    def _scanner(self) -> SecretScanner:
        values = {value.encode() for value in self._canaries.values()}
        known = [secret for secret in self._target.redactor.secrets() if secret.value in values]
        return SecretScanner([*known, *map(backwards, known)])

    def _values(self) -> Iterator[StageValue]:
        """The values that belong to one stage alone."""
        for stage, running in self._target.reference.stages.items():
            config = running.config
            hosts = {"issuer host": config.issuer, "API host": config.api_url, "web host": config.web_url}
            yield from (StageValue(stage, what, urlsplit(url).hostname or "") for what, url in hosts.items())
            yield StageValue(stage, "audience", config.audience)
            yield StageValue(stage, "bus", config.bus)
