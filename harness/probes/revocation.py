"""Where an issuer takes tokens back (RFC 7009): what it does not advertise is tried before it is believed absent."""

from __future__ import annotations

import secrets

from harness.errors import NotOffered
from harness.probes.http import Answer
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client

__all__ = ["USUAL_PATHS", "find_revocation_endpoint"]

USUAL_PATHS = (
    "/revoke",
    "/revocation",
    "/oauth/revoke",
    "/oauth2/revoke",
    "/token/revocation",
    "/token/revoke",
    "/o/revoke_token/",
)
"""Below the issuer identifier; those of servers that are in wide use."""

ERRORS = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_token_type"}


def find_revocation_endpoint(at: OAuthIssuer, case: str, client: Client) -> str:
    """The URL that the metadata names, else the first of the usual ones that answers as such an endpoint does.

    Each try is recorded under `case`. Raises NotOffered where there is none.
    """
    named = at.metadata.get("revocation_endpoint", "")
    if named:
        return str(named)
    base = at.address.issuer.rstrip("/")
    for path in USUAL_PATHS:
        answer = _ask(at, case, client, f"{base}{path}")
        if _refuses(answer) or (_accepts(answer) and not _accepts(_ask(at, case, client, _nowhere(base)))):
            return f"{base}{path}"
    declared = at.address.absent.get("revocation_endpoint")
    tried = f"its metadata names none, and none answers at {', '.join(USUAL_PATHS)} of {base}"
    raise NotOffered("revocation endpoint", f"{declared}; {tried}" if declared else tried, declared is not None)


def _ask(at: OAuthIssuer, case: str, client: Client, url: str) -> Answer:
    """Revoke a token that nobody issued."""
    return at.revoke(case, secrets.token_urlsafe(32), client, endpoint=url, about={"advertised": "no"})


def _accepts(answer: Answer) -> bool:
    """200 without a page, which is how a revocation endpoint answers whatever it is given (RFC 7009 §2.2)."""
    return answer.status == 200 and (not answer.text.strip() or answer.text.strip() in ("{}", "null"))


def _refuses(answer: Answer) -> bool:
    """An error in the words of OAuth (RFC 7009 §2.2.1)."""
    return answer.status in (400, 401) and answer.json().get("error") in ERRORS


def _nowhere(base: str) -> str:
    """A URL at which nothing is: a server that answers 200 even there tells nothing by it."""
    return f"{base}/{secrets.token_hex(8)}"
