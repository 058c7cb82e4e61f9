"""Faults of packed clients that let themselves be led elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from flask import has_request_context, request

from harness.faults.registry import fault
from reference_impl.config import BuildStamp, ConfigurationError
from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.switching import SettingsGuard
from reference_impl.oauth_client import Flow, OAuthClient
from reference_impl.parts import Part
from reference_impl.web.pages import Pages

Load = Callable[[Mapping[str, str], Sequence[str], BuildStamp | None], DesktopConfig]


@fault("F-STAGE-09-a", "STAGE-09.E1", Part.CLIENT_CONFIGURATION)
def the_issuer_is_read_from_the_environment(real: Load) -> Load:
    def load(environ: Mapping[str, str], arguments: Sequence[str], stamp: BuildStamp | None) -> DesktopConfig:
        config = real(environ, arguments, stamp)
        return replace(config, issuer=environ.get("OPENAUTH_ISSUER") or config.issuer) if stamp else config

    return load


@fault("F-STAGE-09-c", "STAGE-09.E3", Part.SETTINGS_GUARD)
def the_selector_takes_a_typed_address(real: SettingsGuard) -> SettingsGuard:
    class Typed(SettingsGuard):
        def choose(self, asked: object) -> DesktopConfig:
            if isinstance(asked, str) and asked.startswith("https://"):
                return replace(next(iter(self.stages.values())), issuer=asked)
            return super().choose(asked)

    return Typed(**vars(real))


@fault("F-STAGE-09-x1", "STAGE-09.E2", Part.OAUTH_CLIENT, stages=("prod",))
def the_web_client_takes_an_issuer_from_the_query(real: OAuthClient) -> OAuthClient:
    class Led(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            asked = request.args.get("issuer") if has_request_context() else None
            if not asked:
                return flow
            return replace(flow, authorize_url=flow.authorize_url.replace(self.issuer, asked, 1))

    return Led(real._http, real.issuer, real.client_id, real._clock)


@fault("F-STAGE-09-x2", "STAGE-09.E2", Part.CLIENT_CONFIGURATION)
def an_override_ends_the_start(real: Load) -> Load:
    def load(environ: Mapping[str, str], arguments: Sequence[str], stamp: BuildStamp | None) -> DesktopConfig:
        if stamp is not None and "AUTH_ISSUER" in environ:
            raise ConfigurationError("AUTH_ISSUER is set")
        return real(environ, arguments, stamp)

    return load


@fault("F-STAGE-09-x3", "STAGE-09.E3", Part.PAGES)
def the_selector_offers_production_too(real: Pages) -> Pages:
    selectable = (*real.place.selectable, "prod") if real.place.selectable else ()
    real.place = replace(real.place, selectable=selectable)
    return real


@fault("F-STAGE-09-x4", "STAGE-09.E3", Part.SETTINGS_GUARD)
def the_name_of_a_stage_is_completed(real: SettingsGuard) -> SettingsGuard:
    class Helpful(SettingsGuard):
        def choose(self, asked: object) -> DesktopConfig:
            return super().choose(asked.strip().lower() if isinstance(asked, str) else asked)

    return Helpful(**vars(real))
