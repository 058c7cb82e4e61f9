"""What an issuer says of itself: where its metadata are, whose they are, and what its keys are good for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from harness.machine.tried import Tried, not_tried, well, wrong
from harness.ports import Issuer
from harness.probes.clients import origin
from harness.probes.jwt import ALGORITHMS
from harness.probes.metadata import METADATA

__all__ = ["endpoint_hosts", "try_keys", "try_metadata"]

SHOWN, LONGEST = 12, 80  # values of a list, and characters of each


def try_metadata(at: Issuer) -> Iterator[Tried]:
    """The metadata at the well-known places, the issuer that they name, and where they send users and clients."""
    answer = at.discover("discovery")
    found = answer.json()
    if not found.keys() >= METADATA:
        looked = ", ".join(at.metadata_urls())
        lacking = ", ".join(sorted(METADATA - found.keys())) if found else "JSON"
        mend = 'write the issuer with its path, or the URL of its metadata as discovery = "https://…"'
        yield wrong("discovery", f"no metadata at {looked} ({answer}; it lacks {lacking})", mend)
        return
    yield well("discovery", f"{answer.url}: {_told(found)}")
    yield _same_issuer(at.address.issuer, found.get("issuer"))
    if foreign := sorted(endpoint_hosts(found) - at.address.allowed_hosts):
        names = ", ".join(f'"{host}"' for host in foreign[:SHOWN])
        mend = f"write hosts = [{names}] for the stage if they are yours: nothing is sent to other hosts"
        yield wrong("endpoints", f"the metadata name other hosts than the description: {_some_of(foreign)}", mend)
    if plain := sorted(_unencrypted(at, found)):
        detail = f"the issuer is https, and its metadata lead into the clear: {_some_of(plain)}"
        yield wrong("encryption", detail, "let the metadata name https there: nothing is sent to these (RFC 8414 §2)")


def try_keys(at: Issuer) -> Tried:
    """The published keys: there, and fit to verify by."""
    url = at.metadata.get("jwks_uri", "")
    if not url:
        return not_tried("keys", "its metadata name no jwks_uri: whose signature a token has cannot be told")
    answer = at.new_agent().get("keys", url, role="keys")
    keys = answer.json().get("keys")
    if not isinstance(keys, list) or not keys:
        return wrong("keys", f"no keys at {url} ({answer})", "publish the JWK set there (RFC 7517 §5)")
    kinds = sorted({str(key.get("kty")) for key in keys if isinstance(key, dict)})
    private = [str(key.get("kid")) for key in keys if isinstance(key, dict) and key.keys() & {"d", "k", "p"}]
    if private:
        return wrong("keys", f"private keys are published: {_some_of(private)}", "withdraw these keys at once")
    return well("keys", f"{len(keys)} at {url}: {_some_of(kinds)} (read here: {', '.join(ALGORITHMS)})")


def endpoint_hosts(metadata: Mapping[str, object]) -> set[str]:
    """The hosts that metadata send users and clients to."""
    return {urlsplit(url).hostname or "" for url in _endpoints(metadata).values()} - {""}


def _endpoints(metadata: Mapping[str, object]) -> Mapping[str, str]:
    """Addresses by their names."""
    return {name: str(told) for name, told in metadata.items() if name.endswith("_endpoint") or name == "jwks_uri"}


def _unencrypted(at: Issuer, metadata: Mapping[str, object]) -> Iterator[str]:
    """Addresses without encryption to which nothing is sent, with their names."""
    plain = at.address.plain_origins
    for name, url in _endpoints(metadata).items():
        if plain is not None and urlsplit(url).scheme == "http" and origin(url) not in plain:
            yield f"{name} {url}"


def _same_issuer(described: str, named: object) -> Tried:
    """RFC 8414 §3.3: what the metadata name must be identical, letter by letter."""
    if named == described:
        return well("issuer", f"{described}, letter by letter")
    if not isinstance(named, str) or not named:
        return wrong("issuer", "the metadata name no issuer", "the server is to name it (RFC 8414 §2)")
    at = next(
        (n for n, (a, b) in enumerate(zip(described, named, strict=False)) if a != b), min(len(described), len(named))
    )
    detail = f"the metadata name {named!r}, the description {described!r}; they differ at letter {at + 1}"
    return wrong("issuer", detail, f"write issuer = {named!r} if that is yours, else mend the server's own setting")


def _told(metadata: Mapping[str, object]) -> str:
    def listed(name: str) -> str:
        values = metadata.get(name)
        return _some_of([str(value) for value in values]) if isinstance(values, list) and values else "not said"

    pkce = f"PKCE methods: {listed('code_challenge_methods_supported')}"
    scopes = f"scopes: {listed('scopes_supported')}"
    methods = f"client authentication: {listed('token_endpoint_auth_methods_supported')}"
    return "; ".join((pkce, scopes, methods))


def _some_of(values: Sequence[str]) -> str:
    """The first values, each cut, and how many more there are: an issuer may list without end."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return " ".join(value[:LONGEST] for value in values[:SHOWN]) + more
