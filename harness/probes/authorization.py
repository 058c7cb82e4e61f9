"""An authorization request on its way (RFC 6749 §4.1, RFC 7636): what it is made of, and what it ends with."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from harness.probes.http import Answer
from harness.probes.stage_address import Client

__all__ = ["Authorization", "Grant", "pkce_pair", "redirect_parameters"]


@dataclass(frozen=True)
class Authorization:
    """How an authorization request ended: with a code at the redirect URI, or with an answer that is not one."""

    answer: Answer
    parameters: Mapping[str, str] = field(repr=False)
    verifier: str = field(repr=False)
    request: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        return self.parameters.get("code", "")


@dataclass(frozen=True)
class Grant:
    """What a login ended with. Tokens are secrets."""

    client: Client
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    answer: Answer = field(repr=False)


def pkce_pair() -> tuple[str, str]:
    """A code verifier of 43 characters and its S256 challenge (RFC 7636 §4.1, §4.2)."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def redirect_parameters(location: str) -> dict[str, str]:
    """What a redirect carries in its query or fragment, each name's first value."""
    parts = urlsplit(location)
    return {name: values[0] for name, values in {**parse_qs(parts.query), **parse_qs(parts.fragment)}.items()}
