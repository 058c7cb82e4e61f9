"""Faults of what is open for long: it goes on with an older token, or asks for newer ones too often."""

from __future__ import annotations

from collections.abc import Callable

import requests

from harness.faults.registry import fault
from harness.faults.sync_page import Assets, altered
from reference_impl.parts import Part
from reference_impl.token_manager import TokenManager

SENT = 'const answer = await request(path, { method: "POST", headers, body: JSON.stringify(body) });'


@fault("F-SYNC-03-a", "SYNC-03.E2", Part.TOKEN_MANAGER)
def what_goes_on_beside_the_page_keeps_the_token_of_the_login(real: TokenManager) -> TokenManager:
    class Faithful(TokenManager):
        first = ""

        def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
            self.first = self.first or self.access_token()
            response = send(self.first)
            return send(self.refresh(self.first)) if response.status_code == 401 else response

    return Faithful(real.oauth, real.vault, real._clock)


@fault("F-SYNC-03-c", "SYNC-03.E2", Part.ASSETS)
def a_hidden_tab_keeps_its_token_until_it_is_seen_again(real: Assets) -> Assets:
    return altered(real, "auth.js", ("if (!this.ended && isNewer", "if (!document.hidden && !this.ended && isNewer"))


@fault("F-SYNC-03-x1", "SYNC-03.E1", Part.ASSETS)
def what_is_refused_is_sent_again_before_a_token_is_asked_for(real: Assets) -> Assets:
    again = SENT.replace("const", "let") + SENT.replace("const answer", "\n    if (answer.status === 401) answer")
    return altered(real, "sync.js", (SENT, again))


@fault("F-SYNC-03-x4", "SYNC-03.E1", Part.ASSETS)
def a_clock_that_is_set_back_holds_up_what_is_pushed(real: Assets) -> Assets:
    return altered(real, "sync.js", ("if (wallClock < before - 1_000) syncNow();", ""))


@fault("F-SYNC-03-x2", "SYNC-03.E3", Part.ASSETS)
def the_end_of_a_token_is_reckoned_by_the_clock_of_the_browser(real: Assets) -> Assets:
    reckoned = 'if (Date.now() - Date.parse(answer.headers.get("Date")) > 300_000) {'
    asked = "session.refused = session.handle;\n      await session.getAuth();\n    }"
    return altered(real, "sync.js", (SENT, f"{SENT}\n    {reckoned}\n      {asked}"))


@fault("F-SYNC-03-x3", "SYNC-03.E4", Part.ASSETS)
def after_a_sleep_it_rests_for_a_minute(real: Assets) -> Assets:
    begins = "return async (body, requestID) => {"
    rests = """
    const now = performance.now();
    if (now - (globalThis.last ??= now) > 600_000) globalThis.rests = now + 60_000;
    globalThis.last = now;
    if (now < (globalThis.rests ?? 0)) return refused("it has just woken");"""
    return altered(real, "sync.js", (begins, begins + rests))
