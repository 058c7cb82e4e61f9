"""Exchanges as the probe leaves them, numbered, for the tests of curl scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from harness.observations import HttpExchange, Observation

BASE = "https://id.example"
CODE, VERIFIER = "{{code:" + "a" * 16 + ":43}}", "{{code_verifier:" + "b" * 16 + ":43}}"
PASSWORD, REFRESH = "{{password:" + "c" * 16 + ":24}}", "{{refresh_token:" + "d" * 16 + ":43}}"
ACCESS = "{{access_token:" + "e" * 16 + ":400}}"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
LOGIN_PAGE = """<form action="/login" method="post"><input type="hidden" name="csrf" value="tok&amp;en">
<input name="user"><input type="password" name="password"></form>"""


def sent(method: str, path: str, status: int = 200, body: str = "", **more: Any) -> HttpExchange:
    """An exchange; `form` becomes its body, what is no field of an exchange goes into `about`."""
    form = more.pop("form", None)
    own = ("headers", "request_headers", "request_body", "began", "skipped", "case")
    fields = {n: more.pop(n) for n in own if n in more}
    if form is not None:
        fields |= {"request_body": urlencode(form, safe="{}:/"), "request_headers": fields.get("request_headers", FORM)}
    url = path if "://" in path else f"{BASE}{path}"
    case = fields.pop("case", "a request")
    return HttpExchange(case=case, method=method, url=url, status=status, body=body, about=more, **fields)


def numbered(observations: Sequence[Observation]) -> tuple[Any, ...]:
    return tuple(replace(one, id=f"token/A scenario@c#{n}") for n, one in enumerate(observations, 1))


def login(agent: str = "1") -> list[HttpExchange]:
    """A code request, the page that it leads to, and the form that is sent; it ends with a code."""
    query = f"client_id=web&code_challenge={VERIFIER[:-2]}/sha256}}}}&state=s1"
    cookie = (("Set-Cookie", "flow={{session_cookie:" + "9" * 16 + ":20}}; Path=/"),)
    form = {"csrf": "tok&en", "user": "alice", "password": PASSWORD}
    to = (("Location", f"https://app.example/cb?code={CODE}&state=s1"),)
    return [
        sent("GET", f"/authorize?{query}", 302, headers=(("Location", "/page?id=77"),), agent=agent),
        sent("GET", "/page?id=77", body=LOGIN_PAGE, headers=cookie, agent=agent),
        sent("POST", "/login", 302, form=form, headers=to, agent=agent),
    ]


def login_in_a_browser(id: str = "77", token: str = "0b5a3d1e") -> list[HttpExchange]:
    """A login whose form is made by a script, in a browser. None of its answers sets a cookie."""
    by: dict[str, Any] = {"agent": "1", "by": "browser"}
    page = f"<script>form('/page?id={id}', {{csrf: '{token}'}})</script>"
    form = {"csrf": token, "user": "alice", "password": PASSWORD}
    to = (("Location", f"https://app.example/cb?code={CODE}&state=s1"),)
    return [
        sent("GET", "/authorize?client_id=web&state=s1", 302, headers=(("Location", f"/page?id={id}"),), **by),
        sent("GET", f"/page?id={id}", body=page, **by),
        sent("POST", f"/page?id={id}", 302, form=form, headers=to, **by),
    ]


def redemption(status: int = 200, case: str = "redemption") -> HttpExchange:
    form = {"grant_type": "authorization_code", "code": CODE, "code_verifier": VERIFIER, "client_id": "web"}
    body = (
        f'{{"access_token": "{ACCESS}", "refresh_token": "{REFRESH}"}}'
        if status == 200
        else '{"error": "invalid_grant"}'
    )
    return sent("POST", "/token", status, body, form=form, agent="0", case=case)
