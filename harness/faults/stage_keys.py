"""Faults by which stages share keys, or what their cookies are worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from joserfc.jwk import ECKey

from harness.faults.registry import fault
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.state import IssuerState
from reference_impl.issuer.transactions import Transaction, Transactions
from reference_impl.parts import Part
from reference_impl.web.sessions import WebSession, WebSessions

SHARED = ECKey.generate_key("P-256")
SHARED_JWK = {name: str(value) for name, value in SHARED.as_dict(private=True).items()}
RETIRED = {**ECKey.generate_key("P-256").as_dict(private=False), "use": "sig", "alg": "ES256"}


def publishing(real: KeyRing, change: Any) -> KeyRing:
    """The key ring, with another answer to whoever asks for its keys."""
    published = real.jwks

    def jwks() -> dict[str, list[dict[str, object]]]:
        return {"keys": change(published()["keys"])}

    real.jwks = jwks  # type: ignore[method-assign]
    return real


@fault("F-STAGE-06-b", "STAGE-06.E3", Part.WEB_SESSION)
def any_stage_opens_the_cookies_of_any(real: WebSessions) -> WebSessions:
    """As where the key that seals the cookies is shared: what one stage has put into a cookie, another takes out."""

    class Shared(WebSessions):
        def find(self, identifier: str | None, *, activity: bool) -> WebSession | None:
            found = super().find(identifier, activity=activity)
            everywhere = (WebSessions.find(one, identifier, activity=activity) for one in _SHARING)
            return found or next((one for one in everywhere if one), None)

    shared = Shared(real._clock, real.idle, real.absolute)
    _SHARING.append(shared)
    return shared


_SHARING: list[WebSessions] = []


@fault("F-STAGE-06-x1", "STAGE-06.E1", Part.KEY_RING)
def all_stages_sign_with_one_key(real: KeyRing) -> KeyRing:
    return KeyRing({**SHARED_JWK, "kid": real.kid})


@fault("F-STAGE-06-x2", "STAGE-06.E2", Part.KEY_RING)
def every_stage_calls_its_key_the_same(real: KeyRing) -> KeyRing:
    return publishing(real, lambda keys: [{**key, "kid": "current"} for key in keys])


@fault("F-STAGE-06-x3", "STAGE-06.E4", Part.KEY_RING)
def the_private_half_is_published_too(real: KeyRing) -> KeyRing:
    private = ECKey.generate_key("P-256").as_dict(private=True)["d"]
    return publishing(real, lambda keys: [{**key, "d": private} for key in keys])


@fault("F-STAGE-06-x4", "STAGE-06.E1", Part.KEY_RING, stages=("dev", "staging"))
def a_retired_key_is_still_published_by_two_stages(real: KeyRing) -> KeyRing:
    return publishing(real, lambda keys: [*keys, {**RETIRED, "kid": f"retired-{real.kid}"}])


class _Everywhere(Transactions):
    """Transactions that are known to every stage, by whatever stage they were begun."""

    begun: ClassVar[dict[tuple[str, str], Transaction]] = {}

    def begin(self, state: IssuerState, request: Transaction, browser: str, now: float) -> str:
        handle = super().begin(state, request, browser, now)
        self.begun[handle, browser] = request
        return handle

    def find(self, state: IssuerState, handle: str, browser: str, now: float) -> Transaction | None:
        return super().find(state, handle, browser, now) or self.begun.get((handle, browser))

    def finish(self, state: IssuerState, handle: str) -> bool:
        super().finish(state, handle)
        return True


@fault("F-STAGE-06-x5", "STAGE-06.E3", Part.LOGIN_FLOW)
def a_login_that_one_stage_began_another_ends(real: LoginFlow) -> LoginFlow:
    return replace(real, transactions=_Everywhere(real.transactions.lifetime))
