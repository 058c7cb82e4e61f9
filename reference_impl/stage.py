"""The composition root of one stage: everything is built here, from its configuration and its parts."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import requests
from flask import Flask

from reference_impl import entitlements, rfc9449
from reference_impl.access_log import access_line, log_requests
from reference_impl.api import AccessTokens, ApiGuard, Realtime, create_api_app, notes, workspaces
from reference_impl.api.app import REALTIME, add_headers
from reference_impl.api.erasure import erase_user
from reference_impl.api.issuer_keys import IssuerKeys, fetch_in_process
from reference_impl.api.sync import Sync
from reference_impl.api.sync import clients as sync_clients
from reference_impl.aws import AwsClients
from reference_impl.clock import Clock, SystemClock
from reference_impl.config import StageConfig
from reference_impl.database import Database
from reference_impl.entitlements import Entitlements
from reference_impl.events import EventSigner, Outbox, Publisher, Reason, Relay, outbox
from reference_impl.issuer import sqlite_state
from reference_impl.issuer.build import Issuer, build_issuer
from reference_impl.issuer.dynamo_outbox import DynamoOutbox
from reference_impl.issuer.dynamo_proofs import SeenInTable
from reference_impl.issuer.dynamo_state import DynamoStore
from reference_impl.issuer.dynamo_table import DynamoTable
from reference_impl.issuer.sqlite_state import SqliteState, SqliteStore
from reference_impl.issuer.state import IssuerState, IssuerStore
from reference_impl.loopback import loopback_session
from reference_impl.parts import Part, Parts
from reference_impl.retention import Sweep
from reference_impl.rfc9449 import ProofVerifier, SeenInDatabase, SeenProofs
from reference_impl.rotation import LiveGenerations
from reference_impl.rotation.parameter import read_event_keys, read_generations
from reference_impl.web.app import create_web_app

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_ssm import SSMClient

MIGRATIONS = {**sqlite_state.MIGRATIONS, **sync_clients.MIGRATIONS}
SCHEMAS = tuple(
    module.SCHEMA for module in (sqlite_state, outbox, notes, sync_clients, workspaces, rfc9449, entitlements)
)


@dataclass(frozen=True)
class GrantsInStore:
    """The API's view of the issuer's grants."""

    issuer: Issuer
    store: IssuerStore

    def is_active(self, session_id: str) -> bool:
        """Say whether the grant goes on."""
        return self.store.read(lambda state: self.issuer.tokens.is_active(state, session_id))

    def name_of(self, subject: str) -> str | None:
        """Return the account's name."""
        return self.store.read(lambda state: self.issuer.accounts.name_of(state, subject))


@dataclass(frozen=True)
class StageApp:
    """One stage, built and not yet served: its applications by host, and handles for whoever looks after it."""

    config: StageConfig
    apps: Mapping[str, Flask]
    issuer: Issuer
    store: IssuerStore
    database: Database
    outbox: Outbox
    publisher: Publisher
    events_client: EventBridgeClient
    _relay: Relay
    _http: requests.Session
    _ssm: SSMClient

    def start(self) -> None:
        """Start the relay of the outbox, which first sends what an earlier process left."""
        self._relay.start()

    def stop(self) -> None:
        """Stop the relay and close the database; unpublished events stay in it."""
        self._relay.stop()
        self._http.close()
        self.events_client.close()
        self.store.close()
        self._ssm.close()
        self.database.close()

    def end_streams(self) -> None:
        """End the realtime connections, for good: a server that stops waits for the answers under way."""
        for app in self.apps.values():
            if (realtime := app.extensions.get(REALTIME)) is not None:
                realtime.close()

    def set_account_disabled(self, subject: str, disabled: bool) -> None:
        """Disable or enable the account with this pseudonym. Raises LookupError if there is none."""
        self.store.change(lambda state: self.issuer.accounts.set_disabled(state, subject, disabled))

    def end_session(self, session_id: str) -> None:
        """End one session, as an administrator does; its event tells so. Without effect where it has ended."""
        self.store.change(lambda state: self.issuer.endpoint.end(state, session_id, Reason.ADMIN))

    def erase_account(self, subject: str) -> None:
        """Erase an account with all its sessions, and what the API keeps for it. Raises LookupError if there is none.

        In one transaction where both are in the stage's file. Else the account goes first, and what a crash leaves of
        the rest is erased by the relay's next sweep.
        """
        erase(self.issuer, self.store, self.database, subject)

    def set_internal(self, subject: str, internal: bool) -> None:
        """Let an account use internal tools where there are any, or withdraw that; it counts at once."""
        Entitlements(self.database).set_internal(subject, internal)


def erase(issuer: Issuer, store: IssuerStore, database: Database, subject: str) -> None:
    """Erase an account, as `StageApp.erase_account` says."""

    def work(state: IssuerState) -> bool:
        if isinstance(state, SqliteState):
            erase_user(state.connection, subject)
        return issuer.endpoint.erase(state, subject)

    while not store.change(work):
        with database.transaction() as connection:
            erase_user(connection, subject)


def finish_erasures(issuer: Issuer, store: IssuerStore, database: Database) -> None:
    """Complete the erasures that an earlier process began."""
    for subject in store.read(lambda state: state.unerased()):
        with database.transaction() as connection:
            erase_user(connection, subject)
        erase(issuer, store, database, subject)


def build_stage(
    config: StageConfig, parts: Parts | None = None, clock: Clock | None = None, aws: AwsClients | None = None
) -> StageApp:
    """Build issuer, API and web client of one stage.

    Raises GenerationsUnknown where it cannot be told which keys are good, sqlite3.Error where its database cannot be
    opened.
    """
    parts, clock, clients = parts or Parts(), clock or SystemClock(), aws or config.aws.clients()
    ssm = clients.ssm()
    live = LiveGenerations(partial(read_generations, ssm, config.app, config.stage), clock)
    live.load()
    remembered = LiveGenerations(partial(read_event_keys, ssm, config.app, config.stage), clock)
    database = Database(config.database, *SCHEMAS, migrations=MIGRATIONS)
    stopping = threading.Event()
    signer = EventSigner()
    store, real_box, seen = open_state(config, database, clock, clients, signer)
    box = parts.choose(Part.OUTBOX, real_box)
    events_client = clients.events()
    publisher = parts.choose(
        Part.PUBLISHER,
        Publisher(events_client, config.bus, f"{config.app}.{config.stage}", sleep=stopping.wait),
    )
    issuer = build_issuer(config, parts, clock, store, box, seen, live, remembered)
    signer.use(issuer.keys.sign_as)
    http = loopback_session(config.ca_file)
    apps = {
        config.host(config.issuer): issuer.app,
        config.host(config.api_url): build_api(config, parts, clock, database, store, issuer, seen),
        config.host(config.web_url): create_web_app(config, parts, clock, http=http, stopping=stopping),
    }
    for app in apps.values():
        log_requests(app, parts.choose(Part.ACCESS_LOG, access_line))
    sweep = Sweep(database, clock, partial(finish_erasures, issuer, store, database))

    def collect() -> None:
        issuer.events.report_overdue(store)
        sweep()

    relay = Relay(box, publisher, stopping, collect)
    return StageApp(config, apps, issuer, store, database, box, publisher, events_client, relay, http, ssm)


def open_state(
    config: StageConfig, database: Database, clock: Clock, aws: AwsClients, signer: EventSigner
) -> tuple[IssuerStore, Outbox, SeenProofs]:
    """Return where the issuer keeps its state, with the outbox of the same transactions, and which DPoP proofs were
    seen: by default the stage's file. There stays, also where a table is configured, what is not the issuer's."""
    if not config.state_table:
        return SqliteStore(database), Outbox(database, clock, signer), SeenInDatabase(database)
    store = DynamoStore(DynamoTable(aws.dynamodb(), config.state_table))
    return store, DynamoOutbox(store, clock, signer), SeenInTable(store.table)


def build_api(
    config: StageConfig,
    parts: Parts,
    clock: Clock,
    database: Database,
    store: IssuerStore,
    issuer: Issuer,
    seen: SeenProofs,
) -> Flask:
    """Build the API of one stage, which trusts that stage's keys alone."""
    grants = GrantsInStore(issuer, store)
    fetched = IssuerKeys(lambda: fetch_in_process(issuer.app, config.issuer), clock)
    keys = parts.choose(Part.API_KEYS, fetched)
    proofs = parts.choose(Part.API_PROOFS, ProofVerifier(clock, seen))
    tokens = AccessTokens(config.issuer, config.audience, keys, clock, config.lifetimes.leeway, fetched.refresh)
    guard = parts.choose(Part.API_GUARD, ApiGuard(parts.choose(Part.ACCESS_TOKENS, tokens), grants, proofs))
    realtime = parts.choose(Part.REALTIME, Realtime(guard))
    headers = parts.choose(Part.RESPONSE_HEADERS, add_headers)
    sync, kept = Sync.of(database, clock, parts), notes.Notes(database)
    internal = Entitlements(database).is_internal
    return create_api_app(guard, kept, clock, grants.name_of, realtime, headers, config.api_url, sync, internal)
