"""A tap on the reference's token endpoint: sees what clients of their own send and get, and changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from flask import Flask, Response, request

from harness.errors import TargetError
from harness.observations import HttpExchange
from harness.observe import Recorder, Redacts
from harness.ports import Copies

__all__ = ["TokenTap"]


class TokenTap:
    """Registers every token that an issuer hands out as a secret; while somebody listens, records the exchanges too."""

    def __init__(self, stage: str, redactor: Redacts) -> None:
        self._stage, self._redactor = stage, redactor
        self._lock = threading.Lock()
        self._listening: list[tuple[Recorder, str, str]] = []
        self._last: dict[str, HttpExchange] = {}  # what each client was given last, as it is

    def attach(self, app: Flask) -> None:
        """Look at every answer of the token endpoint. Before the application's first request."""
        app.after_request(self._look)

    @contextmanager
    def listening(self, recorder: Recorder, case: str, client_id: str) -> Iterator[None]:
        """Record the token requests of a client under `case`, about role tap."""
        entry = (recorder, case, client_id)
        with self._lock:
            self._listening.append(entry)
        try:
            yield
        finally:
            with self._lock:
                self._listening.remove(entry)

    def copies(self, recorder: Recorder, case: str, client_id: str) -> Copies:
        """What a client was given last; the exchange is recorded under `case`. Raises TargetError where it has got
        nothing yet."""
        with self._lock:
            last = self._last.get(client_id)
        if last is None:
            raise TargetError(f"{self._stage}: the client {client_id} was given no tokens ({case})")
        recorder.record(replace(last, case=case))
        given = last.json()
        return Copies(client_id, str(given.get("access_token", "")), str(given.get("refresh_token", "")))

    def _look(self, response: Response) -> Response:
        if request.path == "/token" and request.method == "POST":
            form = dict(request.form.items())
            body, sent = response.get_data(as_text=True), urlencode(form)
            self._redactor.register_from_request(request.url, dict(request.headers), sent)
            self._redactor.register_from_response(list(response.headers), body)
            client_id = form.get("client_id", "")
            with self._lock:
                if response.status_code == 200:
                    self._last[client_id] = self._exchange("", sent, response, body)
                listening = [entry for entry in self._listening if entry[2] == client_id]
            for recorder, case, _ in listening:
                recorder.record(self._exchange(case, sent, response, body))
        return response

    def _exchange(self, case: str, sent: str, response: Response, body: str) -> HttpExchange:
        return HttpExchange(
            case=case,
            about={"role": "tap", "stage": self._stage},
            method="POST",
            url=request.url,
            request_body=sent,
            status=response.status_code,
            headers=tuple((str(k), str(v)) for k, v in response.headers),
            body=body,
            body_bytes=len(body),
        )
