"""One stage of issuer and API without network, with a clock that stands still and an outbox that nobody empties."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from reference_impl.aws import AwsAccess
from reference_impl.clock import Clock, ShiftedClock
from reference_impl.config import Lifetimes, StageConfig, registered_clients
from reference_impl.database import Database
from reference_impl.events.authenticity import EventSigner
from reference_impl.events.outbox import Outbox
from reference_impl.issuer.build import Issuer, build_issuer
from reference_impl.issuer.sqlite_state import SqliteStore
from reference_impl.issuer.state import IssuerStore
from reference_impl.parts import Parts
from reference_impl.provision import make_secrets
from reference_impl.rfc9449 import SeenInDatabase
from reference_impl.stage import SCHEMAS, build_api

ISSUER, API, WEB = (f"https://{name}.dev.localhost:8443" for name in ("auth", "api", "app"))
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PASSWORDS = {"alice": "wonderland", "bob": "builder"}
REDIRECTS = {"web": f"{WEB}/callback", "desktop": "http://127.0.0.1:4711/cb"}


class Frozen:
    """A clock that only `ShiftedClock` moves."""

    def now(self) -> float:
        return 1_800_000_000.0


def make_config(folder: Path, lifetimes: Lifetimes) -> StageConfig:
    """A configuration of the dev stage with fresh secrets."""
    return StageConfig(
        app="authassay",
        stage="dev",
        issuer=ISSUER,
        api_url=API,
        web_url=WEB,
        audience="authassay-api-dev",
        bus="authassay-dev-bus",
        database=folder / "dev.sqlite",
        clients=registered_clients(WEB, "dev"),
        lifetimes=lifetimes,
        aws=AwsAccess(),
        ca_file=None,
        **vars(make_secrets("dev", PASSWORDS, scrypt_cost=2)),
    )


@dataclass
class Bench:
    """A stage to try things on; each answer is the test client's, each browser has its own cookies."""

    config: StageConfig
    clock: ShiftedClock
    database: Database
    store: IssuerStore
    outbox: Outbox
    issuer: Issuer
    api: Flask
    browser: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.new_browser()

    def new_browser(self) -> FlaskClient:
        return self.issuer.app.test_client()

    def authorize(self, client: str = "web", browser: FlaskClient | None = None, **changes: str | None) -> TestResponse:
        """Send an authorization request; ``changes`` replace parameters, None leaves one out."""
        asked = {
            "client_id": client,
            "redirect_uri": REDIRECTS.get(client),
            "response_type": "code",
            "state": "st-123",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        query = {name: value for name, value in asked.items() if value is not None}
        return (browser or self.browser).get("/authorize", query_string=query, base_url=ISSUER)

    def answer_page(self, page: TestResponse, browser: FlaskClient | None = None, **changes: str) -> TestResponse:
        """Answer a login page as alice, who knows her password."""
        hidden = re.search(r'name="transaction" value="([^"]+)"', page.text)
        assert hidden, page.text
        form = {"transaction": hidden[1], "username": "alice", "password": PASSWORDS["alice"], "action": "sign-in"}
        return (browser or self.browser).post("/login", data={**form, **changes}, base_url=ISSUER)

    def code(self, client: str = "web", user: str = "alice", **changes: str | None) -> str:
        """Go through a login; return the code."""
        page = self.authorize(client, None, **changes)
        answer = self.answer_page(page, username=user, password=PASSWORDS[user])
        return answer_of(answer)["code"]

    def redeem(self, code: str, client: str = "web", **changes: str | None) -> TestResponse:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": client,
            "redirect_uri": REDIRECTS[client],
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.post("/token", {name: value for name, value in asked.items() if value is not None})

    def login(self, client: str = "web", user: str = "alice") -> dict[str, Any]:
        """Log in; return the token endpoint's answer."""
        answer = self.redeem(self.code(client, user), client)
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})

    def refresh(self, token: str, client: str = "web") -> TestResponse:
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token, "client_id": client})

    def revoke(self, token: str, client: str = "web") -> TestResponse:
        return self.post("/revoke", {"token": token, "client_id": client})

    def post(self, path: str, form: Mapping[str, str]) -> TestResponse:
        return self.issuer.app.test_client().post(path, data=form, base_url=ISSUER)

    def me(self, access_token: str) -> TestResponse:
        return self.api.test_client().get("/me", headers={"Authorization": f"Bearer {access_token}"}, base_url=API)

    def events(self, type_: str = "") -> list[dict[str, Any]]:
        """The properties of the events that wait in the outbox, of one type or of all."""
        return [
            json.loads(message.detail)["properties"] for message in self.outbox.pending() if type_ in ("", message.type)
        ]


def answer_of(response: TestResponse) -> dict[str, str]:
    """The parameters of an authorization response."""
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


@pytest.fixture
def lifetimes() -> Lifetimes:
    return Lifetimes()


@pytest.fixture
def parts() -> Parts:
    return Parts()


MakeStore = Callable[[Database, Clock, Any], tuple[IssuerStore, Outbox]]


@pytest.fixture
def make_store() -> MakeStore:
    """Where the bench's issuer keeps its state; a module of tests may have another one."""
    return lambda database, clock, sign: (SqliteStore(database), Outbox(database, clock, sign))


@pytest.fixture
def bench(tmp_path: Path, lifetimes: Lifetimes, parts: Parts, make_store: MakeStore) -> Iterator[Bench]:
    config = make_config(tmp_path, lifetimes)
    clock = ShiftedClock(Frozen())
    database = Database(config.database, *SCHEMAS)
    store, outbox = make_store(database, clock, EventSigner.of_key(config.signing_key))
    seen = SeenInDatabase(database)
    issuer = build_issuer(config, parts, clock, store, outbox, seen)
    api = build_api(config, parts, clock, database, store, issuer, seen)
    yield Bench(config, clock, database, store, outbox, issuer, api)
    database.close()
