"""What an operator does to a secret: rotate it as planned, take that back, or withdraw it at once."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from joserfc.jwk import ECKey

from reference_impl.clock import Clock
from reference_impl.rotation.event_keys import is_remembered, recorded
from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.parameter import (
    EVENT_KEYS,
    read_event_keys,
    read_generations,
    write_event_keys,
    write_generations,
    write_newest,
)
from reference_impl.rotation.policy import CLIENT, EVENT_KEY, REFRESH, SIGNING, SUBJECT, RotationPolicy
from reference_impl.secret_parameters import parameter_name

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ROTATABLE = (SIGNING, REFRESH, SUBJECT, f"{CLIENT}<client id>")
FIRST = "configured"  # the name of the generation that was there before the first rotation


@dataclass(frozen=True)
class Plan:
    """What was decided, for whoever must act on it. Times in seconds since the epoch.

    ``generation`` is used from ``used_from`` on; each of ``ending`` is refused from its time on. ``reveal``: the new
    secret of a client, which is told once and kept nowhere.
    """

    secret: str
    generation: str
    used_from: float
    ending: dict[str, float]
    reveal: str = field(default="", repr=False)


@dataclass(frozen=True)
class Rotation:
    """Changes the secrets of one stage in Parameter Store. Running processes see it within `RELOAD` seconds.

    One operator at a time: of two writes at once the later one counts.
    """

    ssm: SSMClient
    app: str
    stage: str
    policy: RotationPolicy
    clock: Clock

    def rotate(self, secret: str) -> Plan:
        """Publish a new generation, which is used after its lead; the old ones end after the overlap."""
        made, now = new_value(secret, self.stage), self.clock.now()
        kept = self._kept(secret)
        lead = self.policy.lead(secret) if kept.kept else 0.0
        changed = kept.rotated(made.name, made.value, now, lead, self.policy.overlap(secret))
        return self._write(secret, kept, changed, made.reveal)

    def withdraw(self, secret: str) -> Plan:
        """Emergency: replace a compromised secret at once. What was made with it is refused from now on.

        ``event-key/<kid>``: a signing key that has ended, and whose events count no more.
        """
        if secret.startswith(EVENT_KEY):
            return self._forget_event_key(secret)
        made, kept = new_value(secret, self.stage), self._kept(secret)
        return self._write(secret, kept, kept.replaced(made.name, made.value, self.clock.now()), made.reveal)

    def roll_back(self, secret: str) -> Plan:
        """Take the last rotation back. Raises LookupError where the generation before has ended."""
        kept = self._kept(secret)
        return self._write(secret, kept, kept.rolled_back(self.clock.now(), self.policy.overlap(secret)))

    def _kept(self, secret: str) -> Generations:
        known = read_generations(self.ssm, self.app, self.stage).get(secret)
        if known is not None or secret.startswith(CLIENT):
            return known or Generations(())
        name = parameter_name(self.app, self.stage, secret)
        value = self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return Generations((configured(secret, value),))

    def _write(self, secret: str, before: Generations, changed: Generations, reveal: str = "") -> Plan:
        if secret == SIGNING:  # first: of two halves of a change, this one alone takes no key for good
            keys = recorded(self._event_keys(), before, changed, self.clock.now())
            write_event_keys(self.ssm, self.app, self.stage, keys)
        self._write_generations({secret: changed})
        newest = changed.kept[-1]
        if not secret.startswith(CLIENT):
            write_newest(self.ssm, self.app, self.stage, secret, newest.value)
        ending = {each.name: each.ends_at for each in changed if each.ends_at is not None}
        return Plan(secret, newest.name, newest.used_from, ending, reveal)

    def _write_generations(self, changed: Mapping[str, Generations]) -> None:
        """Replace some; of the others what has ended is dropped, and its values with it."""
        now, known = self.clock.now(), read_generations(self.ssm, self.app, self.stage)
        others = {name: Generations(kept.accepted(now)) for name, kept in known.items()}
        write_generations(self.ssm, self.app, self.stage, {**others, **changed})

    def _event_keys(self) -> Generations:
        return read_event_keys(self.ssm, self.app, self.stage).get(EVENT_KEYS, Generations(()))

    def _forget_event_key(self, secret: str) -> Plan:
        name, now, known = secret.removeprefix(EVENT_KEY), self.clock.now(), self._event_keys()
        ended = [each.name for each in known if is_remembered(each, now)]
        if name not in ended:
            raise LookupError(f"no signing key {name!r} has ended: {', '.join(ended) or 'none'}; see also {SIGNING}")
        left = Generations(tuple(each for each in known if each.name != name))
        write_event_keys(self.ssm, self.app, self.stage, left)
        self._write_generations({})
        signing = self._kept(SIGNING).current(now)
        return Plan(secret, signing.name, signing.used_from, {name: now})


@dataclass(frozen=True)
class NewValue:
    """A value made afresh. ``reveal``: what its holder must be told, where only a fingerprint is kept."""

    name: str
    value: str = field(repr=False)
    reveal: str = field(default="", repr=False)


def new_value(secret: str, stage: str) -> NewValue:
    """Make a value of this kind of secret. Raises LookupError for a secret that cannot be rotated."""
    makers: dict[str, Callable[[str], NewValue]] = {SIGNING: _new_signing_key, REFRESH: _new_bytes, SUBJECT: _new_bytes}
    if secret in makers:
        return makers[secret](stage)
    if secret.startswith(CLIENT) and secret != CLIENT:
        made = secrets.token_urlsafe(32)
        return NewValue(secrets.token_hex(4), hashlib.sha256(made.encode()).hexdigest(), made)
    raise LookupError(f"no secret {secret!r} can be rotated: {', '.join(ROTATABLE)}")


def configured(secret: str, value: str) -> Generation:
    """Return the generation that a secret's own parameter holds: it has always been used."""
    name = str(json.loads(value)["kid"]) if secret == SIGNING else FIRST
    return Generation(name, value, used_from=0.0)


def new_signing_jwk(stage: str) -> dict[str, str]:
    """Return a private JWK: EC, P-256, with a `kid` that names its stage."""
    key = ECKey.generate_key("P-256")
    jwk = {name: str(value) for name, value in key.as_dict(private=True).items() if isinstance(value, str)}
    return {**jwk, "kid": f"{stage}-{key.thumbprint()}"}


def _new_signing_key(stage: str) -> NewValue:
    jwk = new_signing_jwk(stage)
    return NewValue(jwk["kid"], json.dumps(jwk))


def _new_bytes(stage: str) -> NewValue:
    return NewValue(secrets.token_hex(4), base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
