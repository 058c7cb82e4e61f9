"""Faults of how the issuer finds the account of an identity."""

from __future__ import annotations

from dataclasses import replace

from harness.faults.registry import fault
from reference_impl.issuer.accounts import Account, Accounts
from reference_impl.issuer.identity import Identity
from reference_impl.issuer.state import IssuerState
from reference_impl.parts import Part


class _ByAddress(Accounts):
    """Takes an identity for the first one that had its e-mail address."""

    def __init__(self, real: Accounts) -> None:
        super().__init__(real._subject_key)
        self._known: dict[str, Identity] = {}

    def resolve(self, state: IssuerState, identity: Identity, now: float) -> Account:
        address = self.address_of(identity)
        known = self._known.setdefault(address, identity) if address else identity
        return super().resolve(state, known, now)

    def address_of(self, identity: Identity) -> str | None:
        """What identities are compared by; None where the address is not believed."""
        return identity.email


@fault("F-TOKEN-21-b", "TOKEN-21.E3", Part.ACCOUNTS)
def whether_the_address_was_verified_is_ignored(real: Accounts) -> Accounts:
    return _ByAddress(real)


@fault("F-TOKEN-21-x1", "TOKEN-21.E1", Part.ACCOUNTS)
def a_verified_address_finds_the_account(real: Accounts) -> Accounts:
    class Verified(_ByAddress):
        def address_of(self, identity: Identity) -> str | None:
            return identity.email if identity.email_verified else None

    return Verified(real)


@fault("F-TOKEN-21-x2", "TOKEN-21.E1", Part.ACCOUNTS)
def the_subject_counts_whoever_the_upstream_is(real: Accounts) -> Accounts:
    class AnyUpstream(Accounts):
        def resolve(self, state: IssuerState, identity: Identity, now: float) -> Account:
            return super().resolve(state, replace(identity, provider="any"), now)

    return AnyUpstream(real._subject_key)


@fault("F-TOKEN-21-x3", "TOKEN-21.E2", Part.ACCOUNTS)
def a_changed_address_is_another_person(real: Accounts) -> Accounts:
    class Suspicious(Accounts):
        def resolve(self, state: IssuerState, identity: Identity, now: float) -> Account:
            return super().resolve(state, replace(identity, subject=f"{identity.subject}|{identity.email}"), now)

    return Suspicious(real._subject_key)


@fault("F-TOKEN-21-x4", "TOKEN-21.E3", Part.ACCOUNTS)
def an_address_of_which_nothing_is_said_is_believed(real: Accounts) -> Accounts:
    class Trusting(_ByAddress):
        def address_of(self, identity: Identity) -> str | None:
            return identity.email if identity.email_verified is None or identity.email_verified else None

    return Trusting(real)
