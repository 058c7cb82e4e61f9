"""Faults of environment selector and debug page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flask import Response

from harness.faults.inline_scripts import InlineScripts
from harness.faults.registry import fault
from reference_impl.build.packer import Packer
from reference_impl.desktop.shell.dispatcher import CallFailed, Dispatcher, Reply, parse
from reference_impl.desktop.shell.senders import Sender
from reference_impl.parts import Part
from reference_impl.session_store import StorageStatus
from reference_impl.web.internal import InternalTools
from reference_impl.web.internal.report import DebugReport
from reference_impl.web.pages import Link, Pages, SignedIn
from reference_impl.web.sessions import WebSession

Routes = tuple[tuple[str, str, Callable[..., Response]], ...]
SELECTOR = '<form id="environment" method="post" action="/internal/environment"{more}><button>Go</button></form></main>'


@fault("F-SETTINGS-01-a", "SETTINGS-01.E1", Part.PAGES)
def the_selector_is_hidden_by_css_only(real: Pages) -> Pages:
    class Hiding(Pages):
        def settings(
            self, session: SignedIn | None, storage: StorageStatus, issuer: str = "", further: Sequence[Link] = ()
        ) -> str:
            page = super().settings(session, storage, issuer, further)
            return page.replace("</main>", SELECTOR.format(more=" hidden"))

    return Hiding(real.place)


@fault("F-SETTINGS-01-x1", "SETTINGS-01.E1", Part.WEB_ROUTES)
def the_report_is_there_for_who_knows_its_address(real: Routes) -> Routes:
    def forgotten_report() -> Response:
        return Response(json.dumps({"stage": "prod"}), content_type="application/json")

    known = {rule for rule, _, _ in real}
    return real if "/internal/report" in known else (*real, ("/internal/report", "GET", forgotten_report))


@fault("F-SETTINGS-01-c", "SETTINGS-01.E2", Part.BRIDGE_DISPATCHER)
def a_channel_for_debugging_is_left_enabled(real: Dispatcher) -> Dispatcher:
    class Debugging(Dispatcher):
        def receive(self, text: str, sender: Sender, reply: Reply) -> None:
            try:
                message = parse(text)
            except CallFailed:
                message = {}
            if message.get("channel") == "debug:info":
                reply(json.dumps({"id": message["id"], "value": {"handlers": sorted(self._handlers)}}))
            else:
                super().receive(text, sender, reply)

    real.__class__ = Debugging
    return real


@fault("F-SETTINGS-01-x2", "SETTINGS-01.E3", Part.BUILD_PACKER)
def every_build_is_packed_alike(real: Packer) -> Packer:
    class Whole(Packer):
        def holds(self, path: Path) -> bool:
            return True

    return Whole(**vars(real))


@fault("F-SETTINGS-02-a", "SETTINGS-02.E1", Part.PAGES)
def the_flag_is_read_from_local_storage(real: Pages) -> Pages:
    class Trusting(InlineScripts):
        def settings(
            self, session: SignedIn | None, storage: StorageStatus, issuer: str = "", further: Sequence[Link] = ()
        ) -> str:
            page = super().settings(session, storage, issuer, further)
            shown = json.dumps(SELECTOR.format(more="").removesuffix("</main>")).replace("/", "\\/")
            shows = f"document.querySelector('main').insertAdjacentHTML('beforeend', {shown})"
            return self.with_script(page, f"if (localStorage.internal === 'true') {shows}")

    return Trusting(real.place)


@fault("F-SETTINGS-02-x1", "SETTINGS-02.E2", Part.INTERNAL_TOOLS)
def who_was_internal_once_remains_so(real: InternalTools) -> InternalTools:
    class Remembering(InternalTools):
        def entitled(self, session: WebSession) -> str:
            known: dict[str, str] = self.__dict__.setdefault("known", {})
            if session.identifier not in known and (subject := super().entitled(session)):
                known[session.identifier] = subject
            return known.get(session.identifier, "")

    return Remembering(real.means)


@fault("F-SETTINGS-02-x2", "SETTINGS-02.E3", Part.INTERNAL_TOOLS)
def turning_off_is_not_recorded(real: InternalTools) -> InternalTools:
    class Silent(InternalTools):
        def record(self, did: str, who: str, more: str = "") -> None:
            if did != "off":
                super().record(did, who, more)

    return Silent(real.means)


def _telling(real: InternalTools, change: Callable[[WebSession, DebugReport], DebugReport]) -> InternalTools:
    class Telling(InternalTools):
        def report(self, session: WebSession) -> DebugReport:
            return change(session, super().report(session))

    return Telling(real.means)


@fault("F-SETTINGS-03-a", "SETTINGS-03.E1", Part.INTERNAL_TOOLS)
def what_is_copied_holds_the_access_token(real: InternalTools) -> InternalTools:
    def with_token(session: WebSession, report: DebugReport) -> DebugReport:
        return replace(report, fields={**report.fields, "access token": session.manager.access_token()})

    return _telling(real, with_token)


@fault("F-SETTINGS-03-x1", "SETTINGS-03.E2", Part.INTERNAL_TOOLS)
def nobody_is_told_of_the_last_refresh(real: InternalTools) -> InternalTools:
    def without(session: WebSession, report: DebugReport) -> DebugReport:
        return replace(report, fields={k: v for k, v in report.fields.items() if k != "last refresh"})

    return _telling(real, without)


@fault("F-SETTINGS-03-x2", "SETTINGS-03.E3", Part.INTERNAL_TOOLS)
def variables_are_shown_with_their_values(real: InternalTools) -> InternalTools:
    def valued(session: WebSession, report: DebugReport) -> DebugReport:
        values: Mapping[str, str] = {"AUTH_STAGE": report.fields["stage"]}
        return replace(report, variables={**report.variables, **values})

    return _telling(real, valued)
