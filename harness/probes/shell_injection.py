"""Things that somebody smuggles into the page of a shell's window, with its policy and with none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from harness.errors import TargetError
from harness.observations import PolicyTrial
from harness.observe import Recorder
from harness.probes.devtools import Devtools
from harness.probes.page_scan import page_script
from harness.probes.witness import Witness

__all__ = ["ShellInjection"]

ARRIVAL = 5.0  # seconds: on a busy machine a request takes its time


class ShellInjection:
    """`page`: the main window's; `reload` shows it anew. The debugging protocol switches off the page's policy and
    nothing else, so that what happens then is what the policy keeps from happening."""

    def __init__(
        self, page: Callable[[], Devtools], reload: Callable[[], object], recorder: Recorder, about: Mapping[str, str]
    ) -> None:
        self._page, self._reload, self._recorder, self._about = page, reload, recorder, about
        self._script = page_script("page_inject.js")
        self._witness = Witness()

    def inject(self, case: str, what: str) -> PolicyTrial:
        here = self._try(what)
        self._page().call("Page.enable")
        self._page().call("Page.setBypassCSP", enabled=True)
        try:
            there = self._try(what)
        finally:
            self._page().call("Page.setBypassCSP", enabled=False)
            self._reload()
        return self._recorder.record(
            PolicyTrial(
                case=case,
                about=self._about,
                what=what,
                page="the main window",
                happened=bool(here["happened"]),
                possible=bool(there["happened"]),
                reported=tuple(dict.fromkeys(map(str, here["reported"]))),
            )
        )

    def close(self) -> None:
        self._witness.close()

    def _try(self, what: str) -> dict[str, Any]:
        self._reload()
        before = len(self._witness.visits("http"))
        asked = json.dumps([what, self._witness.url("http", "127.0.0.1")])
        told: dict[str, Any] | None = self._page().evaluate(f"({self._script})({asked})")
        if told is None:
            raise TargetError(f"nobody knows how to put {what!r} into a page")
        if told["happened"] is None:  # whoever was asked for it knows, unless the browser says that it refused
            end = monotonic() + (0.0 if told["reported"] else ARRIVAL)
            while not (came := len(self._witness.visits("http")) > before) and monotonic() < end:
                sleep(0.02)
            told["happened"] = came
        return told
