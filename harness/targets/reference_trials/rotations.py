"""A client is killed at each step between a refresh's answer and the request that uses it, and starts again.

The client is the reference's desktop session without its window, over encrypted files; the issuer and the API are the
running ones.
"""

from __future__ import annotations

import mmap
import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.kills import Folder
from harness.targets.reference_trials.places import folder_of, open_store
from harness.targets.reference_trials.tracing import in_a_fork, kill_at_change, states_of
from reference_impl.clock import SystemClock
from reference_impl.desktop.config import load_desktop_config
from reference_impl.desktop.session import DesktopSession
from reference_impl.loopback import loopback_session
from reference_impl.oauth_client import OAuthClientError
from reference_impl.parts import Parts
from reference_impl.session_store import NotFound, SessionStoreError

__all__ = ["Meter", "client_of", "killed_rotations", "resumptions"]

ITEM = "refresh_token"
API_PATH = "/me"


class Meter:
    """What a client sent and got, counted where its parent sees it too."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 16)
        self.reset()

    def reset(self) -> None:
        self._shared[:] = struct.pack("4I", 0, 0, 0, 0)

    def counts(self) -> tuple[int, int, int, int]:
        """Token requests sent and answered, API requests sent and answered."""
        sent, answered, asked, told = struct.unpack("4I", self._shared[:])
        return sent, answered, asked, told

    def watch(self, http: requests.Session) -> None:
        """Count every request of this session."""
        send = http.send

        def counted(request: requests.PreparedRequest, **more: Any) -> requests.Response:
            first = {"/token": 0, API_PATH: 2}.get(urlsplit(str(request.url)).path)
            if first is not None:
                self._add(first)
            response = send(request, **more)
            if first is not None:
                self._add(first + 1)
            return response

        http.send = counted  # type: ignore[method-assign]

    def _add(self, number: int) -> None:
        counts = list(self.counts())
        counts[number] += 1
        self._shared[:] = struct.pack("4I", *counts)


def client_of(environ: Mapping[str, str], parts: Parts, meter: Meter) -> DesktopSession:
    """A start of the client."""
    config = load_desktop_config(environ, ())
    http = loopback_session(config.ca_file)
    meter.watch(http)
    store = open_store(environ, parts, config.app)
    return DesktopSession(config, store, http, parts, SystemClock())


def killed_rotations(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`tokens`: refresh tokens, each of a session of its own; the first one shows what there is to be seen, each of the
    others is killed at one point, and leaves its vault for `resumptions`."""
    config = load_desktop_config(environ, ())
    address = (config.stage, config.account, ITEM)
    folder, meter = Folder(folder_of(environ)), Meter()

    def state() -> tuple[object, ...]:
        return folder.state(), meter.counts()

    def begin() -> Callable[[], object]:
        client = client_of(environ, parts, meter)
        return lambda: client.call(API_PATH)

    points = []
    with disk():
        opened = open_store(environ, parts, config.app)
        opened.set(*address, given["tokens"][0])
        seen = in_a_fork(lambda: [[place, now[1]] for place, now in states_of(begin, state)])
        after_answer = [(number, place) for number, (place, counts) in enumerate(seen, 1) if counts[1]]
        for index, (number, place) in enumerate(_spread(after_answer, len(given["tokens"]) - 1)):
            token = given["tokens"][index + 1]
            opened.set(*address, token)
            meter.reset()
            killed = kill_at_change(number, begin, state)
            shutil.copytree(folder.path, _vault(folder.path, index))
            durable = in_a_fork(lambda token=token: _durable(environ, parts, token))  # type: ignore[misc]
            points.append({"place": place, "killed": killed, "durable": durable, "api_requests": meter.counts()[2]})
    return {"points": points, "mode": opened.status().mode}


def resumptions(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`points`: by number, those whose client is started again."""
    folder, meter, told = Folder(folder_of(environ)), Meter(), []
    with disk():
        for index in given["points"]:
            shutil.rmtree(folder.path)
            shutil.copytree(_vault(folder.path, index), folder.path)
            meter.reset()
            outcome = in_a_fork(lambda: _resume(environ, parts, meter)) or {"outcome": "error", "message": ""}
            told.append({"point": index, "token_requests": meter.counts()[0], **outcome})
    return {"points": told}


def _resume(environ: Mapping[str, str], parts: Parts, meter: Meter) -> dict[str, str]:
    client = client_of(environ, parts, meter)
    try:
        status = client.call(API_PATH).status_code
    except OAuthClientError as error:
        outcome = "error" if client.signed_in else "signed out"
        return {"outcome": outcome, "message": f"{type(error).__name__}: {error}"}
    return {"outcome": "continued" if status == 200 else "error", "message": f"HTTP {status}"}


def _durable(environ: Mapping[str, str], parts: Parts, token: str) -> str:
    config = load_desktop_config(environ, ())
    try:
        kept = open_store(environ, parts, config.app).get(config.stage, config.account, ITEM)
    except NotFound:
        return "missing"
    except SessionStoreError:
        return "error"
    return "old" if kept == token else "new"


def _vault(path: Path, index: int) -> Path:
    return path.with_name(f"vault-{index}")


def _spread(points: list[tuple[int, str]], most: int) -> list[tuple[int, str]]:
    """So many of them, the first and the last included."""
    if len(points) <= most:
        return points
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]
