"""A client is killed at each step of going to another stage, and starts again.

The client is the reference's desktop without its window, over encrypted files; issuers and APIs are the running ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from harness.targets.reference_trials.disk import disk
from harness.targets.reference_trials.kills import Folder
from harness.targets.reference_trials.places import folder_of, open_store
from harness.targets.reference_trials.tracing import in_a_fork, kill_at_change, states_of
from reference_impl.desktop.app import open_stages
from reference_impl.desktop.config import DesktopConfig, load_desktop_config
from reference_impl.desktop.sessions import Sessions
from reference_impl.desktop.switching import StageSwitch, preference_of
from reference_impl.loopback import loopback_session
from reference_impl.oauth_client import OAuthClientError
from reference_impl.parts import Parts
from reference_impl.session_store import SessionStore

__all__ = ["Sent", "killed_switches"]

ITEM, PENDING = "refresh_token", "pending_revocations"
API_PATH = "/me"
CREDENTIALS = ("refresh_token", "token")  # fields of a form


class Sent:
    """Which credentials a client sent where: `stage of the credential > stage of the host`."""

    def __init__(self, stages: Mapping[str, str], owners: Mapping[str, str]) -> None:
        """`stages`: of hosts; `owners`: the stages of credentials that are known from the start."""
        self._stages, self._owners = dict(stages), dict(owners)
        self.found: list[str] = []
        self.requests = 0

    def watch(self, http: requests.Session) -> None:
        """Note every request of this session, and whose the tokens are that it is answered with."""
        send = http.send

        def noted(request: requests.PreparedRequest, **more: Any) -> requests.Response:
            host = self._stages.get(urlsplit(str(request.url)).hostname or "", "elsewhere")
            self.requests += 1
            self.found += [f"{self._owners.get(one, 'unknown')} > {host}" for one in _credentials(request)]
            response = send(request, **more)
            self.requests += 1
            if urlsplit(str(request.url)).path == "/token" and response.status_code == 200:
                given = response.json()
                self._owners |= {str(given[name]): host for name in ("access_token", "refresh_token") if name in given}
            return response

        http.send = noted  # type: ignore[method-assign]


def killed_switches(environ: Mapping[str, str], parts: Parts, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """`tokens`: refresh tokens of the first stage, each of a session of its own; the first one shows what there is to
    be seen. `to`: the stage to switch to."""
    config = load_desktop_config(environ, ())
    tokens, preference = given["tokens"], preference_of(environ, config.app)
    folder = Folder(folder_of(environ))
    sent = Sent(_stages_of(config), dict.fromkeys(tokens, config.stage))

    def state() -> tuple[object, ...]:
        return folder.state(), preference.load(), sent.requests

    def begin() -> Callable[[], object]:
        _, switch, _ = _open(environ, parts, config, sent)
        return lambda: switch.switch(given["to"])

    points = []
    with disk():
        store = open_store(environ, parts, config.app)
        mode = store.status().mode
        store.set(config.stage, config.account, ITEM, tokens[0])
        folder.keep()
        places = in_a_fork(lambda: [place for place, _ in states_of(begin, state)])
        for index, number in enumerate(_spread(len(places), len(tokens) - 1)):
            token = tokens[1 + index]
            folder.put_back()
            preference.path.unlink(missing_ok=True)
            shutil.rmtree(preference.path.parent, ignore_errors=True)
            in_a_fork(lambda token=token: open_store(environ, parts, config.app).set(*_at(config), token))  # type: ignore[misc]
            killed = kill_at_change(number, begin, state)
            found = in_a_fork(lambda: _start_again(environ, parts, config, sent)) or {"error": "it did not start"}
            nothing = {"shown": "", "held": [], "sent": [], "error": ""}
            points.append({"place": places[number - 1], "killed": killed, **nothing, **found})
    return {"points": points, "mode": mode}


def _start_again(environ: Mapping[str, str], parts: Parts, config: DesktopConfig, sent: Sent) -> dict[str, Any]:
    """What the next start holds, and what it sends when it calls the API."""
    sessions, _, store = _open(environ, parts, config, sent)
    shown = sessions.shown
    held = {one.stage for one in (shown, *sessions.left) if one.signed_in} | _stored(store, config)
    found = {"shown": shown.stage, "held": sorted(held), "error": ""}
    if shown.signed_in:
        try:
            shown.call(API_PATH)
        except (OAuthClientError, requests.RequestException) as error:
            found["error"] = type(error).__name__
    return {**found, "sent": sent.found}


def _open(
    environ: Mapping[str, str], parts: Parts, config: DesktopConfig, sent: Sent
) -> tuple[Sessions, StageSwitch, SessionStore]:
    http, store = loopback_session(config.ca_file), open_store(environ, parts, config.app)
    sent.watch(http)
    return *open_stages(config, parts, store, preference_of(environ, config.app), http), store


def _stored(store: SessionStore, config: DesktopConfig) -> set[str]:
    """The stages of which more is stored than what is still to be revoked."""
    stages = (config.stage, *(stage.name for stage in config.other_stages))
    return {stage for stage in stages if ITEM in store.items(stage, config.account)}


def _stages_of(config: DesktopConfig) -> dict[str, str]:
    """The stage of each host."""
    known = [(config.stage, config.issuer, config.api_url)]
    known += [(stage.name, stage.issuer, stage.api_url) for stage in config.other_stages]
    return {urlsplit(url).hostname or "": stage for stage, *urls in known for url in urls}


def _credentials(request: requests.PreparedRequest) -> list[str]:
    bearer = str(request.headers.get("Authorization", "")).partition(" ")[2]
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
    form = parse_qs(body)
    return [*filter(None, [bearer]), *(value for name in CREDENTIALS for value in form.get(name, []))]


def _at(config: DesktopConfig) -> tuple[str, str, str]:
    return config.stage, config.account, ITEM


def _spread(count: int, most: int) -> list[int]:
    """The numbers from 1 to `count`, or so many of them, the first and the last included."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({round(1 + number * (count - 1) / (most - 1)) for number in range(most)})
