"""What an authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0), and where that may lie."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Self
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.observe import Recorder
from harness.probes.http import Answer, HttpProbe
from harness.probes.stage_address import StageAddress

__all__ = ["METADATA", "IssuerMetadata"]

METADATA = {"authorization_endpoint", "token_endpoint"}  # without these there is nothing to speak to
MORE = {"jwks_uri", "revocation_endpoint", "userinfo_endpoint"}  # what else is used, and may stand in one document only


class IssuerMetadata:
    """The metadata of one stage's issuer, asked for by a user agent when they are first needed."""

    def __init__(self, address: StageAddress, recorder: Recorder, probe: HttpProbe) -> None:
        self._stage, self._issuer = address.stage, address.issuer
        self._recorder, self._probe = recorder, probe
        self._found_at = address.discovery
        self._places = (address.discovery,) if address.discovery else _well_known(address.issuer)
        self._members: dict[str, str] = {}

    def asked_by(self, probe: HttpProbe) -> Self:
        """The same, with all that is known, for another user agent."""
        twin = copy.copy(self)
        twin._probe = probe
        return twin

    @property
    def members(self) -> dict[str, str]:
        """The metadata, asked for once: what the first document says, and where that lacks an endpoint, what the OpenID
        document of the same issuer says besides. Raises TargetError where there are none."""
        if not self._members:
            answer = self.discover("discovery")
            found = _usable(answer)
            if not found.keys() >= METADATA:
                raise TargetError(f"{self._stage}: no metadata at {self._issuer} ({answer})")
            self._members = {**self._told_besides(answer.url, found), **found}
        return self._members

    def urls(self) -> tuple[str, ...]:
        """Where the metadata may lie; once they were found, where they lie."""
        return (self._found_at,) if self._found_at else self._places

    def discover(self, case: str) -> Answer:
        """GET the metadata of the configured identifier: at the URL that the description gives, else at the well-known
        places of RFC 8414 §3 (inserted before its path) and OpenID Connect Discovery 1.0 §4 (appended).

        Where there are none, the first place's answer. What other places answer is recorded as `<case>: elsewhere`.
        """
        tried: list[Answer] = []
        for url in self.urls():
            tried.append(self._probe.get(case, url, record=False, role="metadata"))
            if tried[-1].json().keys() >= METADATA:
                self._found_at = url
                break
        found = tried[-1] if self._found_at else tried[0]
        for answer in tried:
            name = case if answer is found else f"{case}: elsewhere"
            kept = self._recorder.record(replace(answer.observation, case=name))
            found = replace(answer, observation=kept) if answer is found else found
        return found

    def _told_besides(self, url: str, found: Mapping[str, str]) -> dict[str, str]:
        """What the OpenID document says, unless the document at `url` is that or lacks nothing."""
        other = next((place for place in self._places if place.endswith("openid-configuration")), url)
        if other == url or found.keys() >= MORE:
            return {}
        told = _usable(self._probe.get("discovery: elsewhere", other, role="metadata"))
        return told if told.get("issuer") == found.get("issuer") else {}


def _well_known(issuer: str) -> tuple[str, ...]:
    """Where its metadata may lie (RFC 8414 §3, §5; OpenID Connect Discovery 1.0 §4)."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    inserted = f"{origin}/.well-known/oauth-authorization-server{path}"
    appended = f"{origin}{path}/.well-known/"
    return tuple(dict.fromkeys((inserted, f"{appended}openid-configuration", f"{appended}oauth-authorization-server")))


def _usable(answer: Answer) -> dict[str, str]:
    """Its members, without those that are to be URLs and are no strings."""
    told = answer.json().items()
    return {name: value for name, value in told if isinstance(value, str) or not _is_url(name)}


def _is_url(name: str) -> bool:
    """Whether a member of the metadata is to be a URL (RFC 8414 §2)."""
    return name == "issuer" or name.endswith(("_endpoint", "_uri"))
