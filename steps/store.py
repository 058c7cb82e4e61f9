"""Phrases about the session store, by itself and as the desktop client uses it."""

from __future__ import annotations

import random
import secrets

from pytest_bdd import given, parsers, when

from harness.ports import DesktopClient, StoreClient
from harness.scene import Scene

# Witnesses: written to try a store, and no secrets.
VALUES: dict[str, bytes] = {
    "one byte": b"x",
    "4096 ASCII characters": bytes(range(0x20, 0x7F)) * 43 + b"=" * 11,
    "characters beyond the BMP": "\U0001f511\U00020000\U0010fffd".encode(),
    "composed and decomposed": "ren\u00e9e rene\u0301e \uac00 \u1100\u1161 \ufb01 \u212b".encode(),
    "an embedded NUL": b"before\0after",
    "an embedded newline": b"first line\nsecond line\r\nthird",
    "embedded quotes": b'it\'s "quoted" and \\escaped\\',
    "leading and trailing spaces": b"  \t between \t  ",
    "nothing at all": b"",
    "bytes that are no text": bytes(range(256)),
}
REFUSED = {
    "a value of a megabyte": ("refresh_token", b"m" * 1_000_000),
    "half of a surrogate pair": ("refresh_token", b"a lone \xed\xa0\xbd in UTF-8"),
    "an item without a documented name": ("somebody-elses-item", b"value"),
}
WAYS = ("environment", "configuration file", "command line")
NEIGHBOURS = ("anna", "ben")  # two accounts
# One name composed, decomposed, in other cases, with spaces, without its accent, and with a letter of full width.
ALIKE = (
    "ren\u00e9e",
    "rene\u0301e",
    "REN\u00c9E",
    "Ren\u00e9e",
    " ren\u00e9e",
    "ren\u00e9e ",
    "renee",
    "\uff52en\u00e9e",
)


def store_client(scene: Scene) -> StoreClient:
    """The store of the cell, as a client process uses it."""
    return scene.port("store", lambda recorder: scene.target.store(scene.cell.store, recorder))


def desktop_client(scene: Scene, situation: str) -> DesktopClient:
    """The desktop client in this situation of its store."""
    return scene.port("desktop", lambda recorder: scene.target.desktop(scene.stage, recorder, situation), situation)


@given("a client with an empty session store")
def an_empty_store(scene: Scene) -> None:
    store_client(scene).items("before", scene.stage, NEIGHBOURS[0])


@when("each of these values and some random ones are stored, and read by another process where the store outlives one")
def store_and_read(scene: Scene, datatable: list[list[str]]) -> None:
    store, stage = store_client(scene), scene.stage
    values = {**{name: VALUES[name] for (name,) in datatable[1:]}, **random_values(50 if scene.depth == "full" else 10)}
    accounts = {name: f"witness-{number}" for number, name in enumerate(values)}
    for name, value in values.items():
        store.set("round trip", stage, accounts[name], "refresh_token", name, value)
    store.restart()
    for account in accounts.values():
        store.get("round trip", stage, account, "refresh_token")
        store.clear("tidying up", stage, account)


def random_values(count: int) -> dict[str, bytes]:
    """Values of random lengths, by names that tell how to make them again."""
    seed = secrets.randbelow(2**32)
    source = random.Random(seed)
    return {f"random value {n} of seed {seed}": source.randbytes(source.randrange(1, 1500)) for n in range(count)}


@when("values that cannot be kept are stored over a value that is there")
def store_what_cannot_be_kept(scene: Scene) -> None:
    store, stage = store_client(scene), scene.stage
    accounts = {name: f"refusal-{number}" for number, name in enumerate(REFUSED)}
    for name, (item, value) in REFUSED.items():
        store.set("before the refusal", stage, accounts[name], "refresh_token", "one byte", VALUES["one byte"])
        store.set("refusal", stage, accounts[name], item, name, value)
    store.restart()
    for account in accounts.values():
        store.get("after the refusal", stage, account, "refresh_token")
        store.clear("tidying up", stage, account)


@when("items are read that were never set, or were cleared")
def read_what_is_not_there(scene: Scene) -> None:
    store, stage = store_client(scene), scene.stage
    store.get("never set", stage, "nobody", "refresh_token")
    store.set("set to be cleared", stage, "nobody", "refresh_token", "one byte", VALUES["one byte"])
    store.get("another item never set", stage, "nobody", "profile")
    store.clear("tidying up", stage, "nobody")
    store.get("cleared", stage, "nobody", "refresh_token")
    store.restart()
    store.get("cleared, by another process", stage, "nobody", "refresh_token")


@when("accounts are stored whose names are alike")
def store_names_alike(scene: Scene) -> None:
    store, stage = store_client(scene), scene.stage
    for number, account in enumerate(ALIKE):
        value = f"the value of account {number}"
        store.set("names alike: set", stage, account, "refresh_token", value, value.encode())
    store.restart()
    for account in ALIKE:
        store.get("names alike: all are set", stage, account, "refresh_token")
    store.clear("names alike: one is cleared", stage, ALIKE[0])
    for account in ALIKE:
        store.get("names alike: after the clearing", stage, account, "refresh_token")
        store.clear("tidying up", stage, account)


@when("of two accounts on two stages one is cleared twice on one stage and then signs in again")
def clear_one_of_four(scene: Scene) -> None:
    store, (here, there) = store_client(scene), scene.target.stages[:2]
    places = [(stage, account) for stage in (here, there) for account in NEIGHBOURS]
    documented = store.items("documented items", here, NEIGHBOURS[0]).documented
    for stage, account in places:
        for item in documented:
            value = f"{item} of {account} on {stage}"
            store.set("four places", stage, account, item, value, value.encode())
    for stage, account in places:
        store.get("before the clearing", stage, account, "refresh_token")
    for case in ("first clearing", "second clearing"):
        store.clear(case, here, NEIGHBOURS[0])
    store.restart()
    for stage, account in places:
        store.get("after the clearing", stage, account, "refresh_token")
    value = f"new sign-in of {NEIGHBOURS[0]} on {here}"
    store.set("new sign-in", here, NEIGHBOURS[0], "refresh_token", value, value.encode())
    store.get("new sign-in", here, NEIGHBOURS[0], "refresh_token")
    store.clear("last clearing", here, NEIGHBOURS[0])


@when("the entries of the store are listed")
def list_entries(scene: Scene) -> None:
    store = store_client(scene)
    for stage in scene.target.stages[:2]:
        for account in NEIGHBOURS:
            store.items("at the end", stage, account)


@given(parsers.re(r"the desktop client on a machine with (?P<situation>no .+|a .+)"), target_fixture="desktop")
def desktop_on_a_machine(scene: Scene, situation: str) -> DesktopClient:
    return desktop_client(scene, situation)


@when("the user starts it, logs in, refreshes the session, calls the API and looks at every page")
def use_the_desktop(desktop: DesktopClient) -> None:
    desktop.start("first start")
    desktop.look("first start", "login")
    desktop.log_in("login")
    desktop.look("signed in", "home")
    desktop.refresh("refresh")
    desktop.call_api("API call")
    desktop.look("signed in", "settings")
    desktop.logs("first start")
    desktop.scan("after use")


@when("the user ends the client and starts it again")
def start_again(desktop: DesktopClient) -> None:
    desktop.stop()
    desktop.start("second start")
    desktop.look("second start", "login")
    desktop.look("second start", "settings")
    desktop.logs("second start")
    desktop.scan("after the restart")


@given("the desktop client and these weak stores", target_fixture="weak_stores")
def weak_stores(datatable: list[list[str]]) -> list[str]:
    return [store for (store,) in datatable[1:]]


@when("each is asked for by environment, by configuration file and by command line, and the user logs in")
def ask_for_weak_stores(scene: Scene, weak_stores: list[str]) -> None:
    glance = scene.depth == "glance"
    for store in weak_stores[:1] if glance else weak_stores:
        for way in WAYS[:1] if glance else WAYS:
            desktop = desktop_client(scene, f"{store}, asked for by {way}")
            desktop.start("start")
            desktop.self_test("start")
            if scene.depth == "full" or way == WAYS[0]:
                desktop.log_in("login")
                desktop.look("signed in", "home")
                desktop.scan("after the login")
            desktop.stop()


@given("the desktop client and a secret store that discards what it is given", target_fixture="desktop")
def a_discarding_store(scene: Scene) -> DesktopClient:
    return desktop_client(scene, "a secret store that discards what it is given")


@when("the user starts it and logs in")
def start_and_log_in(desktop: DesktopClient) -> None:
    desktop.start("discarding store")
    desktop.self_test("discarding store")
    desktop.log_in("discarding store: login")
    desktop.stop()


@when("the user starts the client beside a secret store that gives other values back")
def start_beside_an_altering_store(scene: Scene) -> None:
    desktop = desktop_client(scene, "a secret store that gives other values back")
    desktop.start("altering store")
    desktop.self_test("altering store")
    desktop.stop()


@when("the user starts the client beside a sound secret store")
def start_beside_a_sound_store(scene: Scene) -> None:
    desktop = desktop_client(scene, "a sound secret store")
    desktop.start("sound store")
    desktop.self_test("sound store")
    desktop.stop()


@given("the desktop client and a chain of a sound and a weak store", target_fixture="desktop")
def a_chain(scene: Scene) -> DesktopClient:
    return desktop_client(scene, "a chain of a sound and a weak store")


@when("the user starts it, logs in and refreshes the session")
def use_beside_a_chain(desktop: DesktopClient) -> None:
    desktop.start("start")
    desktop.log_in("login")
    desktop.refresh("refresh")
    desktop.scan("after the refresh")
