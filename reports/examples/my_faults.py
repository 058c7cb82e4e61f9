"""Defects that the suite was not written for. Is each of them caught?

    .nox/authassay/bin/authassay faults --from reports/examples/my_faults.py

A function takes the real part of the reference and returns the defective one; the comments of
reference_impl/parts.py say what each part is. The three below run in three places: in the issuer, in the web client
behind a real browser, and in the desktop client, which is a process of its own.
"""

from __future__ import annotations

from harness.faults.registry import fault
from reference_impl.config import Client
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.parts import Part
from reference_impl.session_store.model import BackEnd, Entry
from reference_impl.web.cookies import CookiePolicy

LONGEST = 1024  # characters; some stores on some systems cut there without a word


@fault("MY-1", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def redirect_uris_are_compared_in_any_case(real: ClientRegistry) -> ClientRegistry:
    class AnyCase(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            known = {uri.lower() for uri in client.redirect_uris}
            return redirect_uri.lower() in known or super().accepts_redirect(client, redirect_uri)

    return AnyCase(real._clients.values())


@fault("MY-2", "WEB-01.E1", Part.COOKIE_POLICY, stages=["prod"])
def the_cookie_is_sent_from_any_site_in_production(real: CookiePolicy) -> CookiePolicy:
    class CrossSite(CookiePolicy):
        attributes = "Path=/; Secure; HttpOnly; SameSite=None"

    return CrossSite()


@fault("MY-3", "STORE-01.E1", Part.STORE_BACK_END)
def long_values_are_cut(real: BackEnd) -> BackEnd:
    class Cutting:
        name, limit = real.name, real.limit
        read, delete, close = real.read, real.delete, real.close

        def write(self, entry: Entry, stored: str) -> None:
            real.write(entry, stored[:LONGEST])

    return Cutting()
