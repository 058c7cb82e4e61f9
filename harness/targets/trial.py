"""A trial login: of one client and one user, up to tokens and a call of the API, with what the times in it tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from harness.errors import NotOffered
from harness.machine.tried import Tried, not_tried, well, wrong
from harness.observations import TokenFacts
from harness.ports import Issuer
from harness.probes.authorization import Authorization
from harness.probes.forms import read_page
from harness.probes.http import Answer
from harness.probes.login import User
from harness.probes.stage_address import Client

__all__ = ["try_login"]

SKEW = 30.0  # seconds by which clocks may differ before lifetimes are misjudged
# What to look at for an error of RFC 6749 §4.1.2.1 and §5.2.
MENDS = {
    "invalid_client": "compare the client's id, secret and authentication with its registration",
    "unauthorized_client": "let the client use authorization_code and refresh_token",
    "invalid_scope": "write a scope that the client may ask for",
    "unsupported_response_type": "let the client use the response type code",
    "invalid_grant": "compare redirect_uri with its registration; the issuer takes its own code for invalid",
    "access_denied": "let the user use this client; or the login's steps decline where they should allow",
    "invalid_request": "read what the issuer says about it",
    "login_required": "mend the login's steps: they ended before the user was logged in",
    "consent_required": "let a step of the login click what gives consent",
}


def try_login(at: Issuer, client: Client, user: User) -> Iterator[Tried]:
    """Log in, redeem the code, call the API. Raises TargetError where the metadata cannot be had."""
    what = f"login of {user.name} by {client.client_id}"
    authorization = at.authorize(what, client, user)
    if not authorization.code:
        yield _no_code(what, authorization)
        return
    answer = at.redeem(what, authorization, client)
    tokens = answer.json()
    access = tokens.get("access_token")
    if answer.status != 200 or not isinstance(access, str):
        yield _no_tokens(what, answer)
        return
    facts = at.observe_token(what, access, "access_token")
    refreshed = (
        "a refresh token" if tokens.get("refresh_token") else "no refresh token (ask for its scope, if it has one)"
    )
    yield well(what, f"a code, {_article(facts)} access token, {refreshed}")
    yield _call(at, access, what)
    yield _clock(what, answer, facts)


def _no_code(what: str, ended: Authorization) -> Tried:
    error = ended.parameters.get("error", "")
    if error:
        said = f"{error}: {ended.parameters.get('error_description', 'no more is said')}"
        return wrong(what, f"the issuer answers {said}", MENDS.get(error, "read what the issuer says about it"))
    answer = ended.answer
    redirect_uri = ended.request.get("redirect_uri", "")
    if redirect_uri and answer.location.startswith(redirect_uri):
        mend = "let the client answer by the query of its redirect URI (response_mode=query)"
        return wrong(what, "it came back to the redirect URI with neither code nor error", mend)
    if answer.location:
        mend = "write that host under hosts if logins go on there"
        return wrong(
            what, f"the login leads to {answer.location.split('?')[0]}, which the description does not name", mend
        )
    if answer.status != 200:
        return wrong(what, f"it ended with {answer}", _mend_status(answer.status))
    shown = read_page(answer.text)
    fields = [name for form in shown.forms for name in form.fields]
    buttons = [control.text.strip() or control.value or control.name for _, control in shown.controls()]
    if not fields and not buttons:
        return wrong(
            what, "it ended at a page without forms", 'write by = "browser" under [login]: a script makes the page'
        )
    told = f"it ended at a page with the fields {fields[:9]} and to click on {buttons[:9]}"
    return wrong(what, told, "mend the steps of [login], and the user's name and password: these are the names to use")


def _mend_status(status: int) -> str:
    if status == 0:
        return "see that it answers in time, and that nothing between here and there cuts it off"
    if status == 429:
        return "lower rate under [limits], or let the suite's address through"
    if status >= 500:
        return "look into the server's log: that is an error of its own"
    return "compare client id, redirect_uri, user name and password with what is registered"


def _no_tokens(what: str, answer: Answer) -> Tried:
    error = str(answer.json().get("error", ""))
    said = f"{answer} {error} {answer.json().get('error_description', '')}".strip()
    return wrong(what, f"a code came, and no tokens for it: {said}", MENDS.get(error, _mend_status(answer.status)))


def _call(at: Issuer, access: str, what: str) -> Tried:
    name = what.replace("login", "API call", 1)
    try:
        answer, bare = at.call_api(name, access), at.call_api(f"{name}: no token", "")
    except NotOffered as absent:
        return not_tried(name, f'{absent.reason}; write protected = "https://…", or declare api absent')
    if answer.status != 200:
        mend = "write a URL under protected that this token is good for, and a scope that it needs"
        return wrong(name, f"the token was answered with {answer}", mend)
    if bare.status == 200:
        return wrong(name, "it answers 200 without a token too", "write a URL under protected that needs one")
    return well(name, f"200 with the token, {bare.status} without")


def _clock(what: str, answer: Answer, facts: TokenFacts) -> Tried:
    """How far its clock is from this machine's: by the Date header (RFC 9110 §6.6.1), and by iat (RFC 7519 §4.1.6)."""
    name, now = what.replace("login", "clock", 1), time.time()
    told: dict[str, float] = {}
    try:
        told["the Date header"] = parsedate_to_datetime(answer.headers["Date"]).timestamp() - now
    except (KeyError, ValueError, TypeError):
        told.clear()
    if isinstance(issued := facts.claims.get("iat"), int | float):
        told["iat of the access token"] = issued - now
    if not told:
        return not_tried(name, "neither a Date header nor iat says what time it is there")
    said = ", ".join(f"{source}: {seconds:+.0f} s" for source, seconds in told.items())
    if max(map(abs, told.values())) > SKEW:
        return wrong(name, f"it differs from this machine's: {said}", "set both clocks by NTP")
    expires = facts.claims.get("exp")
    if isinstance(expires, int | float) and expires < now:
        return wrong(name, "the new access token has expired already", "mend its lifetime, or set both clocks by NTP")
    return well(name, said)


def _article(facts: TokenFacts) -> str:
    if facts.form != "jwt":
        return "an opaque"
    return "a signed JWT as" if facts.signed_by else "a JWT (no published key verifies it) as"
