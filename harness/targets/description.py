"""A target as somebody describes it: which issuer, who can log in and how, what it lacks, what it may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.model import Waiver
from harness.observations import DocumentedLifetime
from harness.probes.login import Login, User
from harness.probes.stage_address import Client, StageAddress

__all__ = ["Capability", "Description", "Limits", "StageDescription"]

Capability = Literal[
    "issuer",
    "api",
    "web",
    "desktop",
    "store",
    "bus",
    "sync",
    "realtime",
    "settings",
    "stages",
    "clock",
    "process",
    "logs",
    "artifacts",
    "admin",
    "upstream",
    "signing_key",
    "relying_party",
    "revocation_endpoint",
    "documentation",
    "public_client",
    "native_client",
    "second_client",
    "jwt_access_token",
    "refresh_token",
    "audience",
    "published_key",
    "introspection_endpoint",
    "return_target",
    "way_to_decline",
    "dpop",
]
"""What a description may declare absent."""


@dataclass(frozen=True)
class StageDescription:
    """One stage. `clients` by client id and `users` by role, the first of each first; `existing` is who logs in.

    `discovery` is the URL of the metadata where they lie at no well-known place, `protected` a URL that needs an access
    token, `hosts` what requests may go to besides the hosts of these URLs, `prod` whether others rely on the stage.
    """

    issuer: str
    clients: Mapping[str, Client]
    users: Mapping[str, User] = field(repr=False)
    discovery: str = ""
    protected: str = ""
    web: str = ""
    scope: str = ""
    prod: bool = False
    ca_file: Path | None = None  # PEM; None: the authorities that this machine trusts
    hosts: frozenset[str] = frozenset()

    def address(self, stage: str) -> StageAddress:
        """Where the stage is, for those who speak to it."""
        return StageAddress(
            stage,
            self.issuer,
            self.protected,
            self.protected,
            self.web,
            self.clients,
            self.users,
            scope=self.scope,
            hosts=self.hosts,
            discovery=self.discovery,
        )


@dataclass(frozen=True)
class Limits:
    """What the target is spared, and the run: requests a second, and seconds that one wait may take; seconds that one
    answer may take, and for which slow answers may hold up the run in all; bytes that are read of one body."""

    rate: float = 20.0
    max_wait: float = 90.0
    answer: float = 30.0
    patience: float = 300.0
    body: int = 1_000_000


@dataclass(frozen=True)
class Description:
    """A target. `stages` has some of dev, staging and prod, in this order; `absent` maps a capability to why the target
    has none; `remedies` maps an expectation to what to change, in the system's own terms."""

    name: str
    version: str
    stages: Mapping[str, StageDescription]
    login: Login = field(default_factory=Login)
    parameters: Mapping[str, float] = field(default_factory=dict)  # policy parameters that it sets, by name
    absent: Mapping[str, str] = field(default_factory=dict)
    expected_failures: tuple[Waiver, ...] = ()
    remedies: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    lifetimes: Mapping[str, DocumentedLifetime] = field(default_factory=dict)  # as its operators document them
    documented_in: str = ""  # where, if not in a description of its operators
    assurance: str = ""  # AAL1 or AAL2, where its operators claim it
    secrets: tuple[str, ...] = field(default=(), repr=False)  # what steps of the login fill in, besides passwords
    file: Path | None = None
