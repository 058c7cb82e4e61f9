"""Faults of what is registered at each stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import has_request_context, request

from harness.faults.registry import fault
from reference_impl.config import Client
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.parts import Part


@fault("F-STAGE-10-b", "STAGE-10.E1", Part.CLIENT_REGISTRY)
def the_callback_is_let_through_by_the_client_id_alone(real: ClientRegistry) -> ClientRegistry:
    class Careless(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return True

    return Careless(real._clients.values())


@fault("F-STAGE-10-x1", "STAGE-10.E1", Part.CLIENT_REGISTRY, stages=("prod",))
def production_knows_the_internal_client_too(real: ClientRegistry) -> ClientRegistry:
    internal = Client("desktop-internal", ("http://127.0.0.1/cb", "http://127.0.0.1/cb/dev"), native=True)
    return ClientRegistry([*real._clients.values(), internal])


@fault("F-STAGE-10-x2", "STAGE-10.E2", Part.CLIENT_REGISTRY)
def a_web_client_may_be_answered_on_the_developers_machine(real: ClientRegistry) -> ClientRegistry:
    class Developing(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return redirect_uri.startswith("http://localhost:") or super().accepts_redirect(client, redirect_uri)

    return Developing(real._clients.values())


@fault("F-STAGE-10-x3", "STAGE-10.E3", Part.TOKEN_ENDPOINT)
def a_token_is_for_whatever_api_it_is_asked_for(real: TokenEndpoint) -> TokenEndpoint:
    class Obliging(TokenEndpoint):
        def check_target(self, asked: Iterable[str]) -> None:
            """Any will do."""

        def _asked(self) -> TokenEndpoint:
            form = request.form if has_request_context() else {}
            audience = form.get("audience") or form.get("resource") or self.config.audience
            return TokenEndpoint(**{**vars(self), "config": replace(self.config, audience=audience)})

        def _tokens(self, session, refresh_token):  # type: ignore[no-untyped-def]  # as the real one has them
            return self._asked()._tokens(session, refresh_token)

    return Obliging(**vars(real))
