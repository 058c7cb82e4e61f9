"""The views of the internal tools, and who may see them."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files

from flask import Response, request
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from reference_impl.clock import Clock
from reference_impl.session_store import StorageStatus
from reference_impl.web.internal.report import DebugReport, make_report
from reference_impl.web.pages import Link, Place
from reference_impl.web.responses import html, redirect
from reference_impl.web.sessions import WebSession, WebSessions

PATH = "/internal"
_SCRIPT = "tools.js"
_log = logging.getLogger("reference_impl.audit")
_log.setLevel(logging.INFO)


@dataclass(frozen=True)
class Means:
    """What the tools use of the web client.

    ``current``: the session that asks, be that an activity of its user or not. ``me``: what the API says of a session's
    account; empty where it does not answer. ``switch``: ends a session and begins a sign-in at another of the
    ``stages``. ``refuse``: an error page. ``variables``: which of the environment are set.
    """

    place: Place
    clock: Clock
    sessions: WebSessions
    current: Callable[[bool], WebSession | None]
    me: Callable[[WebSession], Mapping[str, object]]
    switch: Callable[[WebSession, str], Response]
    refuse: Callable[[int, str], Response]
    storage: Callable[[], StorageStatus]
    variables: Mapping[str, bool]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that can be chosen, this one first."""
        return (self.place.stage, *(other.name for other in self.place.others))


class InternalTools:
    """The tools of one stage that is not production."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._on: dict[str, float] = {}  # when the tools were turned on, by the hash of the session's identifier
        self._lock = threading.Lock()

    def routes(self) -> tuple[tuple[str, str, Callable[..., Response]], ...]:
        """Return path, method and view of every route."""
        return (
            (PATH, "GET", self.internal_page),
            (f"{PATH}/report", "GET", self.internal_report),
            (f"{PATH}/{_SCRIPT}", "GET", self.internal_script),
            (f"{PATH}/on", "POST", self.internal_on),
            (f"{PATH}/off", "POST", self.internal_off),
            (f"{PATH}/environment", "POST", self.internal_environment),
        )

    def links(self, session: WebSession | None) -> Sequence[Link]:
        """What the settings page leads an internal user to."""
        return (Link(PATH, "Internal tools"),) if session and self.entitled(session) else ()

    def entitled(self, session: WebSession) -> str:
        """Return the subject of an account that is internal now, else "". Who is not any more has the tools off."""
        told = self.means.me(session)
        subject = str(told.get("sub", "")) if told.get("internal") is True else ""
        if not subject and self._turn(session, on=False):
            self.record("off", str(told.get("sub", "")), "no longer internal")
        return subject

    def is_on(self, session: WebSession) -> bool:
        """Say whether the tools are turned on in this session."""
        with self._lock:
            return _key(session) in self._on

    def internal_page(self) -> Response:
        """The selector and the report, or the button that turns them on."""
        session, _ = self._admitted()
        if session is None:
            return self._refused()
        on = self.is_on(session)
        report = self.report(session) if on else None
        page = _environment().get_template("internal.html")
        return html(
            page.render(
                place=self.means.place, storage=self.means.storage(), on=on, report=report, stages=self.means.stages
            )
        )

    def internal_report(self) -> Response:
        """The report as a file."""
        session, _ = self._admitted(activity=False)
        if session is None or not self.is_on(session):
            return self._refused()
        body = json.dumps(asdict(self.report(session)), indent=2)
        headers = {"Content-Disposition": "attachment; filename=debug.json"}
        return Response(body, content_type="application/json", headers=headers)

    def internal_script(self) -> Response:
        """The page's script."""
        if self._admitted()[0] is None:
            return self._refused()
        source = files("reference_impl.web.internal").joinpath("static", _SCRIPT).read_bytes()
        return Response(source, content_type="text/javascript; charset=utf-8")

    def internal_on(self) -> Response:
        """Turn the tools on in this session."""
        return self._set(on=True)

    def internal_off(self) -> Response:
        """Turn them off."""
        return self._set(on=False)

    def internal_environment(self) -> Response:
        """Go to another stage; its name is looked up exactly, and an address is none."""
        session, subject = self._admitted()
        if session is None or not self.is_on(session):
            return self._refused()
        asked = request.form.get("stage", "")
        if asked not in self.means.stages:
            return self.means.refuse(404, "This build has no such stage.")
        if asked == self.means.place.at(session.issuer).stage:
            return redirect(PATH)
        self.record("environment", subject, asked)
        return self.means.switch(session, asked)

    def report(self, session: WebSession) -> DebugReport:
        """Return what the page shows of a session."""
        means = self.means
        ends_at = means.clock.now() + means.sessions.remaining(session)
        stage = means.place.at(session.issuer).stage
        return make_report(stage, session.manager, means.storage(), ends_at, means.variables)

    def record(self, did: str, who: str, more: str = "") -> None:
        """Leave a line in the audit log: what was done, by whom, when and where."""
        line = {"record": "internal-tools", "did": did, "who": who, "at": self.means.clock.now(), "more": more}
        _log.info("%s", json.dumps({**line, "stage": self.means.place.stage}))

    def _admitted(self, *, activity: bool = True) -> tuple[WebSession | None, str]:
        session = self.means.current(activity)
        subject = self.entitled(session) if session else ""
        return (session, subject) if subject else (None, "")

    def _set(self, *, on: bool) -> Response:
        session, subject = self._admitted()
        if session is None:
            return self._refused()
        if self._turn(session, on=on):
            self.record("on" if on else "off", subject)
        return redirect(PATH)

    def _turn(self, session: WebSession, *, on: bool) -> bool:
        """Turn the tools on or off; say whether that changed anything. Sessions that are over are forgotten."""
        key, now = _key(session), self.means.clock.now()
        with self._lock:
            was = key in self._on
            self._on = {k: at for k, at in self._on.items() if k != key and now < at + self.means.sessions.absolute}
            if on:
                self._on[key] = now
            return was != on

    def _refused(self) -> Response:
        return self.means.refuse(403, "Only internal users may see this page.")


def _key(session: WebSession) -> str:
    return hashlib.sha256(session.identifier.encode()).hexdigest()


def _environment() -> Environment:
    loader = ChoiceLoader([PackageLoader("reference_impl.web.internal"), PackageLoader("reference_impl.web")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
