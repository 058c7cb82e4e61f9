"""Faults of the loopback port at which the desktop awaits the answer to a sign-in."""

from __future__ import annotations

from typing import Any

from harness.faults.registry import fault
from reference_impl.desktop.browser_sign_in import BrowserSignIn
from reference_impl.desktop.callback_listener import CallbackListener
from reference_impl.desktop.exchange import Answer, Request
from reference_impl.oauth_client import Flow, OAuthClient
from reference_impl.parts import Part
from reference_impl.web.pages import Pages


@fault("F-BRIDGE-08-b", "BRIDGE-08.E2", Part.OAUTH_CLIENT)
def the_first_request_completes_the_sign_in_whatever_its_state(real: OAuthClient) -> OAuthClient:
    class Trusting(OAuthClient):
        def is_answer(self, flow: Flow, callback: str) -> bool:
            return True

    real.__class__ = Trusting
    return real


@fault("F-BRIDGE-08-c", "BRIDGE-08.E1", Part.BROWSER_SIGN_IN)
def the_listener_stays_open_after_an_abandoned_sign_in(real: BrowserSignIn) -> BrowserSignIn:
    class Lingering(BrowserSignIn):
        _given_up = False

        def is_awaited(self) -> bool:
            return super().is_awaited() or self._given_up or self._sessions.sign_in_expired

        def cancel(self) -> None:
            super().cancel()
            self._given_up = True

    real.__class__ = Lingering
    return real


@fault("F-BRIDGE-08-d", "BRIDGE-08.E4", Part.PAGES)
def the_page_posts_what_is_in_its_fragment(real: Pages) -> Pages:
    class Posting(Pages):
        def message(self, *given: Any, **named: Any) -> str:
            script = "<script>fetch('/complete', {method: 'POST', body: location.hash.slice(1)})</script>"
            return super().message(*given, **named).replace("</body>", f"{script}</body>")

    return Posting(real.place)


@fault("F-BRIDGE-08-x1", "BRIDGE-08.E1", Part.BROWSER_SIGN_IN)
def the_listener_is_bound_to_all_addresses(real: BrowserSignIn) -> BrowserSignIn:
    class Open(BrowserSignIn):
        def listen(self) -> CallbackListener:
            return CallbackListener(("0.0.0.0", 0))

    real.__class__ = Open
    return real


@fault("F-BRIDGE-08-x2", "BRIDGE-08.E3", Part.BROWSER_SIGN_IN)
def tokens_in_the_answer_are_not_looked_at(real: BrowserSignIn) -> BrowserSignIn:
    class Careless(BrowserSignIn):
        def has_tokens(self, query: str) -> bool:
            return False

    real.__class__ = Careless
    return real


@fault("F-BRIDGE-08-x3", "BRIDGE-08.E5", Part.BROWSER_SIGN_IN)
def a_second_answer_is_welcomed_like_the_first(real: BrowserSignIn) -> BrowserSignIn:
    class Welcoming(BrowserSignIn):
        def refusal(self, listener: CallbackListener, request: Request) -> tuple[int, str, str] | None:
            refused = super().refusal(listener, request)
            return (200, "Signed in", "You can close this page.") if refused and refused[0] == 410 else refused

    real.__class__ = Welcoming
    return real


@fault("F-BRIDGE-08-x4", "BRIDGE-08.E1", Part.BROWSER_SIGN_IN)
def all_sign_ins_share_the_port_of_the_first(real: BrowserSignIn) -> BrowserSignIn:
    class Fixed(BrowserSignIn):
        def listen(self) -> CallbackListener:
            last, wanted = self._listener, 0
            if last is not None:
                last.close()
                last.server_close()
                wanted = last.port
            return CallbackListener(("127.0.0.1", wanted))

    real.__class__ = Fixed
    return real


@fault("F-BRIDGE-08-x5", "BRIDGE-08.E2", Part.BROWSER_SIGN_IN)
def any_host_name_will_do(real: BrowserSignIn) -> BrowserSignIn:
    class Anywhere(BrowserSignIn):
        def answer(self, listener: CallbackListener, request: Request) -> Answer:
            right = {**request.headers, "host": listener.origin.removeprefix("http://")}
            return super().answer(listener, Request(request.method, request.path, request.query, right))

    real.__class__ = Anywhere
    return real


@fault("F-BRIDGE-08-x6", "BRIDGE-08.E2", Part.BROWSER_SIGN_IN)
def any_path_will_do(real: BrowserSignIn) -> BrowserSignIn:
    class Anywhere(BrowserSignIn):
        def answer(self, listener: CallbackListener, request: Request) -> Answer:
            return super().answer(listener, Request(request.method, "/cb", request.query, request.headers))

    real.__class__ = Anywhere
    return real
