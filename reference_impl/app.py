"""The reference as a whole: all three stages side by side in one process.

Each stage has its own port, issuer URL, keys, clients, accounts, database and bus; they share the process, the clock
and the authority that vouches for their certificates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reference_impl.aws import AwsAccess, AwsClients
from reference_impl.clock import Clock, SystemClock
from reference_impl.config import STAGES, StageConfig, load_config
from reference_impl.loopback import LoopbackHost
from reference_impl.parts import Part, Parts
from reference_impl.provision import DEFAULT_APP, DEFAULT_USERS, StageUrls, provision
from reference_impl.stage import StageApp, build_stage

__all__ = ["Reference", "ReferenceStage", "StageApp", "build_stage"]

LOCAL_SCRYPT_COST = 2**4  # the users' passwords are random and live no longer than the run
LOCAL_CREDENTIALS = "reference"  # what stands for AWS takes any


@dataclass(frozen=True)
class ReferenceStage:
    """A running stage. ``environ``: what it was configured with; ``passwords``: of its users, by name."""

    app: StageApp
    environ: Mapping[str, str] = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)

    @property
    def config(self) -> StageConfig:
        return self.app.config

    @property
    def issuer_url(self) -> str:
        return self.config.issuer

    @property
    def api_url(self) -> str:
        return self.config.api_url

    @property
    def web_url(self) -> str:
        return self.config.web_url

    @property
    def database(self) -> Path:
        return self.config.database


class Reference:
    """Three running stages: ``stages`` by name, ``ca_file`` and ``spki_hash`` for clients, ``clock`` for all."""

    def __init__(self, host: LoopbackHost, clock: Clock, stages: Mapping[str, ReferenceStage], ends: ExitStack) -> None:
        self.stages = stages
        self.clock = clock
        self.ca_file = host.ca_file
        self.spki_hash = host.spki_hash
        self._ends = ends

    @classmethod
    def start(
        cls,
        folder: Path,
        aws_endpoint: str,
        parts: Parts | Mapping[str, Parts] | None = None,
        clock: Clock | None = None,
        *,
        app: str = DEFAULT_APP,
        users: Iterable[str] = DEFAULT_USERS,
        lifetimes: Mapping[str, int] | None = None,
        stages: Iterable[str] = STAGES,
    ) -> Reference:
        """Provision and start the stages, with their files in ``folder`` and AWS at ``aws_endpoint``.

        ``parts``: for all stages, or by stage. ``lifetimes``: seconds by name, where they differ from `Lifetimes`.
        What was started is stopped again if any part of it fails; the exception passes.
        """
        clock = clock or SystemClock()
        host = LoopbackHost(folder)
        aws = AwsAccess(aws_endpoint, access_key_id=LOCAL_CREDENTIALS, secret_access_key=LOCAL_CREDENTIALS)
        clients = aws.clients()
        running: dict[str, ReferenceStage] = {}
        with ExitStack() as ends:
            for stage in stages:
                stage_parts = parts.get(stage, Parts()) if isinstance(parts, Mapping) else parts or Parts()
                listener = host.listen(tls=stage_parts.choose(Part.TLS, host.tls))
                ends.callback(listener.close)
                provisioned = provision(
                    stage,
                    StageUrls.on_loopback(stage, listener.port),
                    folder / f"{stage}.sqlite",
                    aws,
                    app=app,
                    users=users,
                    ca_file=host.ca_file,
                    lifetimes=lifetimes,
                    scrypt_cost=LOCAL_SCRYPT_COST,
                    clients=clients,
                )
                config = _configure(stage_parts, provisioned.environ, clients)
                built = build_stage(config, stage_parts, clock, clients)
                ends.callback(built.stop)
                built.start()
                ends.callback(listener.serve(built.apps).stop)
                ends.callback(built.end_streams)
                running[stage] = ReferenceStage(built, provisioned.environ, provisioned.passwords)
            return cls(host, clock, running, ends.pop_all())

    def stop(self) -> None:
        """Stop all stages; safe to call twice."""
        self._ends.close()


def _configure(parts: Parts, environ: Mapping[str, str], clients: AwsClients) -> StageConfig:
    source = parts.choose(Part.CONFIGURATION_SOURCE, partial(load_config, ssm=lambda _: clients.ssm()))
    return source(environ)
