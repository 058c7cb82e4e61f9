"""Faults of the rotation of keys and secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.faults.registry import fault
from reference_impl.config import Client
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.parts import Part
from reference_impl.rotation import Generation, RotationPolicy

Keys = Callable[[], Mapping[str, Any]]


@fault("F-OPS-02-b", "OPS-02.E1", Part.ROTATION_POLICY)
def old_keys_end_before_their_tokens_have_expired(real: RotationPolicy) -> RotationPolicy:
    return replace(real, overlaps={**real.overlaps, "signing-key": 300.0})


@fault("F-OPS-02-c", "OPS-02.E3", Part.CLIENT_REGISTRY)
def an_old_client_secret_stays_valid_forever(real: ClientRegistry) -> ClientRegistry:
    known: set[tuple[str, str]] = set()

    class Hoarding(ClientRegistry):
        def accepts_secret(self, client: Client, secret: str) -> bool:
            if super().accepts_secret(client, secret):
                known.add((client.client_id, secret))
            return (client.client_id, secret) in known

    return Hoarding(real._clients.values(), real.secrets)


@fault("F-OPS-02-x1", "OPS-02.E2", Part.ROTATION_POLICY)
def a_new_key_signs_as_soon_as_it_is_made(real: RotationPolicy) -> RotationPolicy:
    return replace(real, leads={**real.leads, "signing-key": 0.0})


@fault("F-OPS-02-x2", "OPS-02.E3", Part.KEY_RING)
def old_keys_stay_published(real: KeyRing) -> KeyRing:
    seen: dict[str, Generation] = {}

    class Eternal(KeyRing):
        def published(self) -> Iterator[Generation]:
            seen.update({each.name: each for each in super().published()})
            yield from seen.values()

    real.__class__ = Eternal
    return real


@fault("F-OPS-02-x3", "OPS-02.E4", Part.API_KEYS)
def the_api_adds_keys_and_never_drops_one(real: Keys) -> Keys:
    known: dict[str, Mapping[str, Any]] = {}

    def keys() -> Mapping[str, Any]:
        known.update({str(key["kid"]): key for key in real()["keys"]})
        return {"keys": list(known.values())}

    return keys


@fault("F-OPS-02-x4", "OPS-02.E1", Part.REFRESH_KEYS)
def a_lost_answer_is_made_anew_with_the_key_of_the_day(real: RefreshKeys) -> RefreshKeys:
    class Forgetful(RefreshKeys):
        def derive_again(self, session_id: str, generation: int, known: str) -> str | None:
            return self.derive(session_id, generation) if super().derive_again(session_id, generation, known) else None

    return Forgetful(real._current, real._accepted)


@fault("F-OPS-02-x5", "OPS-02.E1", Part.ROTATION_POLICY)
def the_old_client_secret_ends_when_the_new_one_is_made(real: RotationPolicy) -> RotationPolicy:
    """The client has not been given its new secret yet."""
    return replace(real, overlaps={**real.overlaps, "client-secret/": -real.leads["client-secret/"]})


@fault("F-OPS-02-x6", "OPS-02.E4", Part.REFRESH_KEYS)
def refresh_tokens_of_a_withdrawn_key_are_taken(real: RefreshKeys) -> RefreshKeys:
    class Trusting(RefreshKeys):
        def derive_again(self, session_id: str, generation: int, known: str) -> str | None:
            return super().derive_again(session_id, generation, known) or "not asked for again"

    return Trusting(real._current, real._accepted)
