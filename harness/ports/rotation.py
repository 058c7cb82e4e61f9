"""Rotation of a stage's keys and secrets, as its operator does it."""

from __future__ import annotations

from typing import Protocol

from harness.observations import RotationPlan
from harness.probes.stage_address import Client

__all__ = ["Rotation"]


class Rotation(Protocol):
    """What is done to a `secret`: `signing-key`, `refresh-key`, `subject-key`, or `client-secret` (of a client that is
    made for this)."""

    def rotate(self, case: str, secret: str) -> RotationPlan:
        """As planned: the new generation is published, used after a time, and the old one good for a time after."""

    def roll_back(self, case: str, secret: str) -> RotationPlan:
        """Take the last rotation back."""

    def withdraw(self, case: str, secret: str) -> RotationPlan:
        """Emergency: the generation in use is compromised."""

    def client(self, generation: str = "") -> Client:
        """The confidential client, with the secret of this generation, or the newest."""

    def forge(self, access_token: str, generation: str) -> str:
        """A token like this one, issued now, signed with the signing key of this generation: what somebody can make who
        got hold of the key."""
