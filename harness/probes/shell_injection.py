"""Things that somebody smuggles into the page of a shell's window, with its policy and with none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from harness.observations import PolicyTrial
from harness.observe import Recorder
from harness.probes.devtools import Devtools
from harness.probes.page_injection import INJECT, Injected, injected
from harness.probes.witness import Witness

__all__ = ["ShellInjection"]


class ShellInjection:
    """`page`: the main window's; `reload` shows it anew. The debugging protocol switches off the page's policy and
    nothing else, so that what happens then is what the policy keeps from happening."""

    def __init__(
        self, page: Callable[[], Devtools], reload: Callable[[], object], recorder: Recorder, about: Mapping[str, str]
    ) -> None:
        self._page, self._reload, self._recorder, self._about = page, reload, recorder, about
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
                happened=here.happened,
                possible=there.happened,
                reported=here.reported,
            )
        )

    def close(self) -> None:
        self._witness.close()

    def _try(self, what: str) -> Injected:
        self._reload()
        before = len(self._witness.visits("http"))
        asked = json.dumps([what, self._witness.url("http", "127.0.0.1")])
        told = self._page().evaluate(f"({INJECT})({asked})")
        return injected(what, told, lambda: len(self._witness.visits("http")) > before)
