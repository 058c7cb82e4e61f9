"""Puts an issuer together from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from reference_impl.clock import Clock
from reference_impl.config import StageConfig
from reference_impl.events.audit import log_occurrence
from reference_impl.events.builder import EventBuilder
from reference_impl.issuer.accounts import Accounts
from reference_impl.issuer.app import IssuerRoutes, add_headers, create_issuer_app
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.issuer.client_secrets import ClientSecrets
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.codes import CodeStore
from reference_impl.issuer.correlation import Correlation
from reference_impl.issuer.end_session import EndSession
from reference_impl.issuer.event_keys import EventKeys
from reference_impl.issuer.identity import ConfiguredUsers, IdentityProvider
from reference_impl.issuer.introspection import Introspection
from reference_impl.issuer.keys import KeyRing
from reference_impl.issuer.metadata import build_metadata
from reference_impl.issuer.policy import AuthorizationPolicy
from reference_impl.issuer.protocol import IssuerServer
from reference_impl.issuer.recorder import EventRecorder, EventSink
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.issuer.revocation import Revocation
from reference_impl.issuer.sign_in_brake import SignInBrake
from reference_impl.issuer.state import IssuerStore
from reference_impl.issuer.subject_key import rotating_subject_key
from reference_impl.issuer.token_endpoint import TokenEndpoint
from reference_impl.issuer.tokens import TokenStore
from reference_impl.issuer.transactions import Transactions
from reference_impl.parts import Part, Parts
from reference_impl.rfc9449 import ProofVerifier, SeenProofs
from reference_impl.rotation.live import LiveGenerations

LARGEST_BODY = 1 << 20  # bytes, whichever server it is behind


@dataclass(frozen=True)
class Issuer:
    """An issuer, and the parts of it that others need: the API its keys and grants, an administrator its accounts."""

    app: Flask
    keys: KeyRing
    tokens: TokenStore
    accounts: Accounts
    endpoint: TokenEndpoint
    events: EventRecorder
    metadata: dict[str, object]


def build_issuer(
    config: StageConfig,
    parts: Parts,
    clock: Clock,
    store: IssuerStore,
    outbox: EventSink,
    seen: SeenProofs,
    live: LiveGenerations | None = None,
    remembered: LiveGenerations | None = None,
) -> Issuer:
    """Build the issuer of one stage. ``live``: where it sees that keys and secrets are rotated; ``remembered``: where
    it sees the signing keys that have ended."""
    live = live or LiveGenerations.of_nothing(clock)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    identities: IdentityProvider = ConfiguredUsers(config.users)
    builder = parts.choose(Part.EVENT_BUILDER, EventBuilder(config.stage, config.issuer, clock, config.subject_key))
    events = EventRecorder(builder, outbox, clock, parts.choose(Part.AUDIT_LOG, log_occurrence))
    keys = parts.choose(Part.KEY_RING, KeyRing(config.signing_key, live))
    clients = parts.choose(Part.CLIENT_REGISTRY, ClientRegistry(config.clients, ClientSecrets(live)))
    codes = parts.choose(Part.CODE_STORE, CodeStore(config.lifetimes.code))
    refresh_keys = parts.choose(Part.REFRESH_KEYS, RefreshKeys.rotating(config.refresh_key, live))
    tokens = parts.choose(Part.TOKEN_STORE, TokenStore(refresh_keys, config.lifetimes))
    accounts = parts.choose(Part.ACCOUNTS, Accounts(rotating_subject_key(config.subject_key, live)))
    endpoint = parts.choose(Part.TOKEN_ENDPOINT, TokenEndpoint(config, clock, keys, codes, tokens, accounts, events))
    revocation = parts.choose(Part.REVOCATION, Revocation(keys, tokens, endpoint))
    introspection = Introspection(config.issuer, config.audience, clock, keys, tokens)
    server = parts.choose(Part.OAUTH_SERVER, IssuerServer(app, clients, endpoint, revocation, introspection))
    login = LoginFlow(
        config=config,
        clock=clock,
        store=store,
        server=server,
        clients=clients,
        policy=parts.choose(Part.AUTHORIZATION_ENDPOINT, AuthorizationPolicy()),
        identities=parts.choose(Part.IDENTITY_PROVIDER, identities),
        accounts=accounts,
        transactions=Transactions(config.lifetimes.transaction),
        codes=codes,
        correlation=parts.choose(Part.CORRELATION, Correlation()),
        events=events,
        brake=SignInBrake(clock),
    )
    metadata = parts.choose(Part.METADATA, build_metadata)(config)
    login = parts.choose(Part.LOGIN_FLOW, login)
    headers = parts.choose(Part.RESPONSE_HEADERS, add_headers)
    proofs = parts.choose(Part.TOKEN_PROOFS, ProofVerifier(clock, seen))
    routes = IssuerRoutes(store, server, events, proofs, f"{config.issuer}/token")
    end_session = EndSession(config, store, clients, keys, endpoint)
    event_keys = EventKeys(keys, remembered or LiveGenerations.of_nothing(clock))
    create_issuer_app(app, routes, login, end_session, keys, event_keys, metadata, headers)
    return Issuer(app, keys, tokens, accounts, endpoint, events, metadata)
