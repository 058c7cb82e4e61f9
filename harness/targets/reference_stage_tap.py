"""A tap on all hosts of the reference's stages: records what reaches them, and changes nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.redact import Redactor
from reference_impl.app import ReferenceStage

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["TAP", "StageTap"]

TAP = "tap"
STREAMS = ("/events",)  # answers without an end
CREDENTIALS = re.compile(r"\{\{(?:access_token|refresh_token|session_cookie):([0-9a-f]{16}):")


class StageTap:
    """What reaches the hosts of the stages until it is closed.

    Clients of earlier scenarios may still have revocations to send: a request all of whose credentials were known
    before is theirs, and is not recorded.
    """

    def __init__(self, recorder: Recorder, redactor: Redactor, stages: Iterable[ReferenceStage]) -> None:
        self._recorder, self._redactor = recorder, redactor
        self._known = {secret.mark.split(":")[1] for secret in redactor.secrets()}
        self._ends = ExitStack()
        self.case = "before"
        for running in stages:
            for host, app in running.app.apps.items():
                self._attach(running.config.stage, host, app)

    def close(self) -> None:
        """Take the taps away; safe to call twice."""
        self._ends.close()

    def _attach(self, stage: str, host: str, app: Any) -> None:
        inner: WSGIApplication = app.wsgi_app

        def tapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO") in STREAMS:
                return inner(environ, start_response)
            return self._pass_on(stage, host, inner, environ, start_response)

        app.wsgi_app = tapped
        self._ends.callback(setattr, app, "wsgi_app", inner)

    def _pass_on(
        self, stage: str, host: str, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        began, case = self._recorder.elapsed, self.case
        sent: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(sent)
        answered: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            answered[:] = [int(status[:3]), tuple(headers)]
            return start_response(status, headers, *more)

        answer = app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers = answered
        exchange = HttpExchange(
            case=case,
            about={"role": TAP, "stage": stage, "host": host},
            method=str(environ["REQUEST_METHOD"]),
            url=_url(environ, host),
            request_headers=tuple(_headers(environ)),
            request_body=sent.decode("utf-8", "replace"),
            status=status,
            headers=headers,
            body=body.decode("utf-8", "replace"),
            body_bytes=len(body),
            began=began,
        )
        self._tell(exchange)
        return [body]

    def _tell(self, exchange: HttpExchange) -> None:
        sent = dict(exchange.request_headers)
        self._redactor.register_from_request(exchange.url, sent, exchange.request_body)
        self._redactor.register_from_response(exchange.headers, exchange.body)
        text = "\n".join([exchange.url, *sent.values(), exchange.request_body])
        shown = set(CREDENTIALS.findall(self._redactor.text(text)))
        if not shown or not shown <= self._known:
            self._recorder.record(exchange)


def _url(environ: WSGIEnvironment, host: str) -> str:
    query = environ.get("QUERY_STRING", "")
    named = environ.get("HTTP_HOST", host)
    return f"{environ['wsgi.url_scheme']}://{named}{environ.get('PATH_INFO', '')}{'?' if query else ''}{query}"


def _headers(environ: WSGIEnvironment) -> Iterable[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").title(), str(value)
