"""Faults of when what a browser keeps of a session ends."""

from __future__ import annotations

from harness.faults.registry import fault
from harness.faults.sync_page import Assets, altered
from reference_impl.parts import Part
from reference_impl.web.sessions import WebSessions

DROPPED = "export const dropped = dropWhere(isOver)"
OVER = "return !(Date.now() < noted()[name]);"


@fault("F-WEB-03-x1", "WEB-03.E1", Part.ASSETS)
def data_is_kept_for_a_month(real: Assets) -> Assets:
    kept = "keepUntil(replica.idbName, session.endsAt);"
    return altered(real, "sync.js", (kept, "keepUntil(replica.idbName, Date.now() + 30 * 86_400_000);"))


@fault("F-WEB-03-x2", "WEB-03.E1", Part.ASSETS)
def the_list_of_databases_has_no_end(real: Assets) -> Assets:
    noted = "note({ ...noted(), [name]: at, [SHARED]: at });"
    return altered(real, "local_data.js", (noted, "note({ ...noted(), [name]: at });"))


@fault("F-WEB-03-a", "WEB-03.E2", Part.ASSETS)
def ends_are_lost_with_the_browser(real: Assets) -> Assets:
    """And what has no end is taken for what ends never."""
    return altered(
        real,
        "local_data.js",
        ("localStorage.setItem(EXPIRIES", "sessionStorage.setItem(EXPIRIES"),
        ("localStorage.getItem(EXPIRIES", "sessionStorage.getItem(EXPIRIES"),
        (OVER, "return Date.now() >= noted()[name];"),
    )


@fault("F-WEB-03-b", "WEB-03.E2", Part.ASSETS)
def what_is_over_is_deleted_after_the_next_login_only(real: Assets) -> Assets:
    later = DROPPED.replace("dropWhere(isOver)", "(isSignedIn() ? dropWhere(isOver) : Promise.resolve())")
    looked = "function isSignedIn() { return document.querySelector('#sign-out') !== null; }"
    signed_in = f"{looked}\n\nfunction isOver(name) {{"
    return altered(real, "local_data.js", (DROPPED, later), ("function isOver(name) {", signed_in))


@fault("F-WEB-03-x3", "WEB-03.E2", Part.ASSETS)
def seconds_are_compared_with_milliseconds(real: Assets) -> Assets:
    return altered(real, "local_data.js", (OVER, "return Date.now() / 1000 >= noted()[name];"))


@fault("F-WEB-03-x4", "WEB-03.E3", Part.ASSETS)
def an_open_page_asks_the_server_first(real: Assets) -> Assets:
    own = "return this.over || Date.now() >= this.endsAt || performance.now() >= this.#endsIn;"
    return altered(real, "auth.js", (own, "return this.over;"))


@fault("F-WEB-03-x5", "WEB-03.E3", Part.ASSETS)
def an_open_page_keeps_its_database(real: Assets) -> Assets:
    return altered(real, "leaving.js", ("  await cover(words);\n  await dropAll();", "  await cover(words);"))


@fault("F-WEB-03-x6", "WEB-03.E4", Part.WEB_SESSION)
def the_server_refuses_and_has_nothing_deleted(real: WebSessions) -> WebSessions:
    class Silent(WebSessions):
        def is_over(self, identifier: str | None) -> bool:
            return False

    real.__class__ = Silent
    return real


@fault("F-WEB-03-x7", "WEB-03.E4", Part.ASSETS)
def the_page_believes_its_own_clock_only(real: Assets) -> Assets:
    return altered(real, "auth.js", ("return this.over || Date.now()", "return Date.now()"))
