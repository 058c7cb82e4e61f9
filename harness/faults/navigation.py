"""Faults of a web client whose callback leaves traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from werkzeug.datastructures import Headers

from harness.faults.registry import fault
from reference_impl.parts import Part
from reference_impl.web.app import WebClient
from reference_impl.web.cookies import CookiePolicy
from reference_impl.web.sessions import Flows

Route = tuple[str, str, Callable[..., Response]]
LANDING = """<!doctype html><html lang="en"><title>Welcome</title><h1>Welcome</h1><a href="/">Continue</a>
<script src="https://analytics.test/a.js"></script></html>"""
SESSION = f"{CookiePolicy.session_name}="


class _Own(Headers):
    """Headers of a page that those of all pages are not put on."""

    def update(self, *given: Any, **named: Any) -> None:
        pass


def _with_callback(real: tuple[Route, ...], change: Callable[[Callable[..., Response], Response], None]) -> Any:
    """The routes with something done to what a complete sign-in is answered."""

    def changed(view: Callable[..., Response]) -> Callable[..., Response]:
        def landing(**named: Any) -> Response:
            answer = view(**named)
            if answer.status_code == 303 and answer.headers["Location"] == "/":
                change(view, answer)
            return answer

        return landing

    return tuple((rule, method, changed(view) if rule == "/callback" else view) for rule, method, view in real)


@fault("F-WEB-04-b", "WEB-04.E3", Part.WEB_ROUTES)
def the_code_stays_in_the_address_and_a_script_is_told_it(real: tuple[Route, ...]) -> Any:
    def land(view: Callable[..., Response], answer: Response) -> None:
        cookies = [("Set-Cookie", line) for line in answer.headers.getlist("Set-Cookie")]
        answer.status_code = 200
        answer.set_data(LANDING)
        answer.headers = _Own([*cookies, ("Content-Type", "text/html"), ("Referrer-Policy", "unsafe-url")])

    return _with_callback(real, land)


@fault("F-WEB-04-c", "WEB-04.E2", Part.WEB_ROUTES)
def the_back_button_posts_the_code_again(real: tuple[Route, ...]) -> Any:
    """The callback is a page of the history, and its flow is not used up."""

    def land(view: Callable[..., Response], answer: Response) -> None:
        client = getattr(view, "__self__", None)
        if isinstance(client, WebClient) and not isinstance(client._flows, _Forgetful):
            client._flows.__class__ = _Forgetful
        cookies = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(SESSION)]
        answer.status_code, answer.content_type = 200, "text/html; charset=utf-8"
        answer.set_data(LANDING.partition("<script")[0])
        for name in ("Location", "Set-Cookie"):
            answer.headers.remove(name)
        answer.headers.extend([("Set-Cookie", line) for line in cookies])

    return _with_callback(real, land)


class _Forgetful(Flows):
    def take(self, identifier: str | None) -> bool:
        return bool(identifier)


@fault("F-WEB-04-x1", "WEB-04.E1", Part.WEB_ROUTES)
def the_page_is_handed_its_token_in_the_fragment(real: tuple[Route, ...]) -> Any:
    def hand(view: Callable[..., Response], answer: Response) -> None:
        client = getattr(view, "__self__", None)
        lines = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(SESSION)]
        if isinstance(client, WebClient) and lines:
            session = client.sessions.find(lines[-1].removeprefix(SESSION).partition(";")[0], activity=False)
            if session is not None:
                answer.headers["Location"] += f"#access_token={session.manager.access_token()}"

    return _with_callback(real, hand)
