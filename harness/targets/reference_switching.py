"""The reference's desktop client that knows several stages, with work beside its user, and all that it sends."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Literal
from urllib.parse import urljoin

from harness.errors import TargetError
from harness.observations import HttpExchange, StoreListing, StoreOperation, StoreState
from harness.observations.switching import StageSwitch
from harness.observe import Recorder
from harness.probes.forms import Form, Page, read_page
from harness.probes.http import Answer, HttpProbe
from harness.probes.login import Journey, Login, walk_forms
from harness.probes.secret_service import list_entries
from harness.targets.reference_child import ChildGone, DesktopChild, Line, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import SOUND, prepare
from harness.targets.reference_stage_tap import TAP, StageTap
from reference_impl.session_store import ITEMS
from reference_impl.session_store.model import Entry

__all__ = ["ReferenceSwitching"]

PAUSE = 0.15  # seconds between two rounds of its work
ROUNDS = 4
CALLS = 2  # of the API, that its work must be seen to make
WORK_SECONDS = 15.0  # for these; long, because a slow machine is no finding
LOOPBACK = "http://127.0.0.1:"
ACCOUNT = "two stages"  # of the witnesses


class ReferenceSwitching:
    """One user with one desktop client, first at `stage`. What goes wrong in the client is told, not raised."""

    def __init__(self, target: ReferenceHost, stage: str, others: Sequence[str], recorder: Recorder) -> None:
        """Raises NotHere where this machine has no such store."""
        self._target, self._stage, self._recorder = target, stage, recorder
        self._others = others
        self._app = f"authassay-{secrets.token_hex(4)}"
        self._ends = ExitStack()
        self._surroundings = self._ends.enter_context(prepare(SOUND, target.machine, target.folder))
        self._before = self._names()
        self._tap = StageTap(recorder, target.redactor, [target.reference.stages[s] for s in (stage, *others)])
        self._ends.callback(self._tap.close)
        self._child: DesktopChild | None = None

    def start(self, case: str) -> StoreState:
        self._tap.case = case
        self._stop()
        arguments, environment = desktop_command(self._target, self._stage, self._app, self._surroundings)
        environment |= {"AUTH_OTHER_STAGES": self._known(), "AUTH_BACKGROUND_PAUSE": str(PAUSE)}
        try:
            self._child = DesktopChild(arguments, environment, str(self._surroundings.folder))
        except ChildGone as gone:
            return self._state(case, f"the client does not start: {gone}")
        return self._state(case)

    def log_in(self, case: str) -> StoreState:
        self._tap.case = case
        try:
            stage = str(self._status()["stage"])
            self._press(self._window(), "/login", "sign-in")
            assert self._child is not None
            agent = HttpProbe(self._target.new_client(), self._recorder, {*self._target.addresses[stage].hosts})
            who = self._target.addresses[stage].users["existing"]
            url = self._child.wait_for_url()
            journey = Journey(case, url, Login(), who, False, lambda location: location.startswith(LOOPBACK), {})
            back = walk_forms(agent, journey)[0].location
            HttpProbe(self._target.new_client(), self._recorder, {"127.0.0.1"}).get(case, back, role="callback")
        except (TargetError, ChildGone, KeyError) as error:
            return self._state(case, f"the login did not end: {error}")
        return self._state(case)

    def work(self, case: str) -> None:
        """Nothing is raised where it does not work: what was sent tells."""
        self._tap.case = case
        time.sleep(ROUNDS * PAUSE)
        deadline = time.monotonic() + WORK_SECONDS
        stage = str(self._status().get("stage"))
        while self._status().get("signed_in") and self._calls(case, stage) < CALLS and time.monotonic() < deadline:
            time.sleep(PAUSE)

    def switch(self, case: str, to: str) -> StageSwitch:
        self._tap.case = case
        before = self._status()
        told: dict[str, Any] = {"of": str(before.get("stage", "")), "to": to, "case": case}
        try:
            window = self._window()
            asked = self._press(window, "/settings", to)
            then = self._status()
            held = then.get("signed_in") is True and then.get("stage") == before.get("stage")
            confirmed = self._submit(window, asked, "confirm")
            ended = self._recorder.elapsed
            after = self._status()
        except (TargetError, ChildGone) as error:
            nothing: dict[str, Any] = {"asked": False, "held": False, "stage": "", "signed_in": None}
            return self._recorder.record(
                StageSwitch(**told, **nothing, offers_login=False, ended=self._recorder.elapsed, error=str(error))
            )
        switched = StageSwitch(
            **told, asked=_button(read_page(asked.text), "confirm") is not None, held=held,
            stage=str(after.get("stage", "")), signed_in=after.get("signed_in"),
            offers_login=_button(read_page(confirmed.text), "sign-in") is not None, ended=ended,
            skipped=self._recorder.skipped.get(told["of"], 0.0),
        )  # fmt: skip
        return self._recorder.record(switched)

    def entries(self, case: str) -> StoreListing:
        raw = tuple(self._readable(name) for name in sorted(self._names() - self._before))
        stage = str(self._status().get("stage", ""))
        listing = StoreListing(case=case, stage=stage, account="", items=(), documented=ITEMS, raw=raw)
        return self._recorder.record(listing)

    def keep_apart(self, case: str, stages: Sequence[str]) -> Collection[StoreOperation]:
        done = [self._operate(case, "set", stage, item) for item in ITEMS for stage in stages]
        done += [self._operate(case, "get", stage, item) for item in ITEMS for stage in stages]
        done += [self._operate(f"{case}: cleared", "clear", stages[-1], "")]
        done += [self._operate(f"{case}: cleared", "get", stage, item) for item in ITEMS for stage in stages]
        return done

    def close(self) -> None:
        self._stop()
        self._ends.close()

    def _known(self) -> str:
        addresses = {stage: self._target.addresses[stage] for stage in self._others}
        return json.dumps({name: {"issuer": at.issuer, "api": at.api} for name, at in addresses.items()})

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _status(self) -> Line:
        """What the client tells of itself; nothing where it does not run. Raises ChildGone where it has died."""
        return self._child.ask(do="status") if self._child else {}

    def _calls(self, case: str, stage: str) -> int:
        """How often the API of the stage was asked with a token in this case."""
        seen = (o for o in self._recorder.seen if isinstance(o, HttpExchange) and o.case == case)
        return sum(
            o.about.get("role") == TAP and o.about.get("stage") == stage and o.method == "GET" and _has_token(o)
            for o in seen
        )

    def _window(self) -> HttpProbe:
        if self._child is None:
            raise ChildGone("it was not started")
        window = HttpProbe(self._target.new_client(), self._recorder, {"127.0.0.1"})
        link = str(self._child.ask(do="window")["window"])
        window.get("window", link, record=False)
        self._origin = link.partition("/open/")[0]
        return window

    def _press(self, window: HttpProbe, path: str, button: str) -> Answer:
        return self._submit(window, window.get("window", f"{self._origin}{path}", record=False), button)

    def _submit(self, window: HttpProbe, page: Answer, button: str) -> Answer:
        """Press a button of a page, and go where it leads. Where it has none, the page itself."""
        form = _button(read_page(page.text), button)
        if form is None:
            return page
        url, headers = urljoin(f"{self._origin}/", form.action), {"Origin": self._origin}
        answer = window.post("window", url, form.fields, headers=headers, record=False)
        return window.get("window", answer.location, record=False) if answer.location else answer

    def _operate(self, case: str, operation: Literal["set", "get", "clear"], stage: str, item: str) -> StoreOperation:
        if self._child is None:
            raise TargetError(f"{case}: the client is not running")
        value = f"witness of {item} at {stage}".encode()
        fields = {"item": item} if item else {}
        fields |= {"value": base64.b64encode(value).decode()} if operation == "set" else {}
        reply = self._child.ask(do="store", op=operation, stage=stage, account=ACCOUNT, **fields)
        read = base64.b64decode(str(reply.get("value", ""))) if operation == "get" else value
        error = str(reply.get("error", ""))
        well: Literal["value", "done"] = "value" if operation == "get" else "done"
        outcome: Any = well if reply.get("ok") else {"NotFound": "not_found"}.get(error, "error")
        return self._recorder.record(
            StoreOperation(
                case=case, operation=operation, stage=stage, account=ACCOUNT, item=item, outcome=outcome, error=error,
                value=value.decode() if operation == "set" else "", length=len(read),
                sha256=hashlib.sha256(read).hexdigest() if reply.get("ok") and operation != "clear" else "",
            )
        )  # fmt: skip

    def _names(self) -> frozenset[tuple[str, str]]:
        service = self._target.machine.service
        return list_entries(service.address) if service else frozenset()

    def _readable(self, name: tuple[str, str]) -> str:
        """`stage/account/item` for an entry that follows the documented scheme, else its own names."""
        for stage in self._target.stages:
            if name[0] == Entry(self._app, stage, "x", "x").service:
                return f"{stage}/{name[1]}"
        return " ".join(name).replace(self._app, "")

    def _state(self, case: str, error: str = "") -> StoreState:
        try:
            told = self._status()
        except ChildGone as gone:
            told, error = {}, error or str(gone)
        storage: Mapping[str, Any] = told.get("storage") or {}
        return self._recorder.record(
            StoreState(
                case=case, about={"stage": str(told.get("stage", ""))}, mode=str(storage.get("mode", "")),
                back_end=str(storage.get("back_end", "")), signed_in=told.get("signed_in"), error=error,
            )
        )  # fmt: skip


def _has_token(exchange: HttpExchange) -> bool:
    return any(name.lower() == "authorization" for name, _ in exchange.request_headers)


def _button(page: Page, called: str) -> Form | None:
    """The form with a button of this id, or with a button that leads to the stage of this name."""
    for form in page.forms:
        if any(control.id == called for control in form.controls) or form.action == f"/switch/{called}":
            return form
    return None
