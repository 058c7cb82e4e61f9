"""Conditions that the harness brings about at the reference: an upstream that fails, storage that fails, foreign keys,
disabled accounts, time that passes. They come from outside, by wrapping parts; the reference knows nothing of them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from harness.observe import Recorder
from harness.ports import UpstreamIdentity
from harness.targets.reference_outage import RevocationOutage
from reference_impl.app import Reference
from reference_impl.clock import ShiftedClock
from reference_impl.issuer.identity import PROVIDER, Identity, IdentityProvider, UpstreamUnavailable
from reference_impl.parts import Part, Parts, Replacement

__all__ = ["ReferenceAdmin", "ReferenceClock", "Switches", "with_switches"]


@dataclass
class Switches:
    """What is to go wrong at one stage, now."""

    upstream_down: threading.Event = field(default_factory=threading.Event)
    storage_fails: threading.Event = field(default_factory=threading.Event)
    acknowledging_fails: threading.Event = field(default_factory=threading.Event)
    mutating_fails: threading.Event = field(default_factory=threading.Event)
    asserted: list[UpstreamIdentity] = field(default_factory=list)
    foreign_keys: list[Callable[[], Mapping[str, Any]]] = field(default_factory=list)


def with_switches(parts: Parts, switches: Switches) -> Parts:
    """The parts, each of those that switches concern wrapped once more, outside of any fault."""
    wraps: Mapping[Part, Replacement] = {
        Part.IDENTITY_PROVIDER: lambda real: _Upstream(real, switches),
        Part.TOKEN_STORE: lambda real: _Storage(real, switches),
        Part.PUSHER: lambda real: _pusher(real, switches),
        Part.SYNC_CLIENTS: lambda real: _SyncClients(real, switches),
        Part.API_KEYS: lambda real: _keys(real, switches),
    }
    return Parts({**parts.replacements, **{p: (*parts.replacements.get(p, ()), w) for p, w in wraps.items()}})


@dataclass(frozen=True)
class _Upstream:
    real: IdentityProvider
    switches: Switches

    def authenticate(self, username: str, password: str) -> Identity:
        if self.switches.upstream_down.is_set():
            raise UpstreamUnavailable
        identity = self.real.authenticate(username, password)
        if not self.switches.asserted:
            return identity
        says = self.switches.asserted[-1]
        return replace(
            identity,
            provider=says.issuer,
            subject=says.subject,
            email=says.email,
            email_verified=says.email_verified,
        )


class _Storage:
    """A token store whose next rotation meets a storage error when the switch is on."""

    def __init__(self, real: Any, switches: Switches) -> None:
        self._real, self._switches = real, switches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def rotate(self, *arguments: Any, **named: Any) -> Any:
        if self._switches.storage_fails.is_set():
            self._switches.storage_fails.clear()
            raise sqlite3.OperationalError("disk I/O error")
        return self._real.rotate(*arguments, **named)


class _SyncClients:
    """Client groups of which the next acknowledgement meets a storage error when the switch is on."""

    def __init__(self, real: Any, switches: Switches) -> None:
        self._real, self._switches = real, switches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def acknowledge(self, *arguments: Any) -> Any:
        if self._switches.acknowledging_fails.is_set():
            self._switches.acknowledging_fails.clear()
            raise sqlite3.OperationalError("disk I/O error")
        return self._real.acknowledge(*arguments)


def _pusher(real: Any, switches: Switches) -> Any:
    """A pusher whose next mutation meets a storage error when the switch is on."""

    def failing(mutator: Callable[[Any], None]) -> Callable[[Any], None]:
        def call(given: Any) -> None:
            if switches.mutating_fails.is_set():
                switches.mutating_fails.clear()
                raise sqlite3.OperationalError("disk I/O error")
            mutator(given)

        return call

    return replace(real, mutators={name: failing(mutator) for name, mutator in real.mutators.items()})


def _keys(real: Callable[[], Mapping[str, Any]], switches: Switches) -> Callable[[], Mapping[str, Any]]:
    def keys() -> Mapping[str, Any]:
        own = list(real()["keys"])
        return {"keys": [*own, *(key for source in switches.foreign_keys for key in source()["keys"])]}

    return keys


@dataclass(frozen=True)
class ReferenceClock:
    """All stages of the reference share one clock."""

    clock: ShiftedClock

    def now(self, stage: str) -> float:
        return self.clock.now()

    def advance(self, stage: str, seconds: float) -> None:
        self.clock.advance(seconds)


@dataclass(frozen=True)
class ReferenceAdmin:
    """The administrator, and accidents."""

    reference: Reference
    switches: Mapping[str, Switches]
    outages: Mapping[str, RevocationOutage]

    def disable_account(self, stage: str, user: str) -> None:
        self._set_disabled(stage, user, True)

    def enable_account(self, stage: str, user: str) -> None:
        self._set_disabled(stage, user, False)

    def _set_disabled(self, stage: str, user: str, disabled: bool) -> None:
        app = self.reference.stages[stage].app
        identity, now = Identity(PROVIDER, f"upstream|{user}"), self.reference.clock.now()
        account = app.store.change(lambda state: app.issuer.accounts.resolve(state, identity, now))
        app.set_account_disabled(account.subject, disabled)

    @contextmanager
    def upstream_fails(self, stage: str) -> Iterator[None]:
        self.switches[stage].upstream_down.set()
        try:
            yield
        finally:
            self.switches[stage].upstream_down.clear()

    @contextmanager
    def upstream_asserts(self, stage: str, identity: UpstreamIdentity) -> Iterator[None]:
        asserted = self.switches[stage].asserted
        asserted.append(identity)
        try:
            yield
        finally:
            asserted.remove(identity)

    def storage_fails_once(self, stage: str) -> None:
        self.switches[stage].storage_fails.set()

    @contextmanager
    def trusts_keys_of(self, stage: str, other: str) -> Iterator[None]:
        source = self.reference.stages[other].app.issuer.keys.jwks
        self.switches[stage].foreign_keys.append(source)
        try:
            yield
        finally:
            self.switches[stage].foreign_keys.remove(source)

    def revocation_unreachable(self, stage: str, recorder: Recorder, case: str) -> AbstractContextManager[None]:
        return self.outages[stage].lasting(recorder, case)
