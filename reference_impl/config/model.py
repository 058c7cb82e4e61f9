"""What a stage's configuration consists of, once it has been read: stages, clients, lifetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from reference_impl.aws import AwsAccess
from reference_impl.known_stages import KnownStage
from reference_impl.secret_parameters import User

STAGES = ("dev", "staging", "prod")
HTTPS_ONLY = ("staging", "prod")
PRODUCTION = "prod"
INTERNAL_CLIENT = "desktop-internal"
DAY = 24 * 3600  # seconds


@dataclass(frozen=True)
class Client:
    """A registered client. ``native``: its redirect URIs are on the loopback address (RFC 8252 §7.3); ``confidential``:
    it authenticates with a secret (RFC 6749 §2.1), and is public otherwise."""

    client_id: str
    redirect_uris: tuple[str, ...]
    native: bool = False
    confidential: bool = False
    introspects: bool = False  # a resource server: it may ask what a token is worth (RFC 7662 §2.1)
    post_logout_redirect_uris: tuple[str, ...] = ()  # where a logout at the issuer may lead back to


@dataclass(frozen=True)
class Limit:
    """The most that a lifetime may be, in seconds, and why a value up to it can be borne."""

    ceiling: int
    reason: str


@dataclass(frozen=True)
class Lifetimes:
    """How long things live, in seconds. `LIMITS` documents each (OWASP ASVS 5.0.0 7.1.1)."""

    code: int = 60
    access: int = 900
    reuse_grace: int = 10
    refresh_idle: int = 7 * DAY  # from the latest refresh
    refresh_absolute: int = 30 * DAY  # from the login, whatever rotation does
    leeway: int = 60
    transaction: int = 600

    ASSURANCE: ClassVar[str] = "AAL1"  # a password, and nothing else: NIST SP 800-63B-4 §2.1
    LIMITS: ClassVar[Mapping[str, Limit]] = {
        "code": Limit(600, "RFC 6749 §4.1.2: ten minutes at most; ASVS 10.4.3: one minute"),
        "access": Limit(3600, "RFC 6750 §5.3: one hour at most; it also ends with its grant, which the API asks about"),
        "reuse_grace": Limit(60, "a lost answer may be asked for again this long; afterwards it looks like theft"),
        "refresh_idle": Limit(
            30 * DAY,
            "NIST SP 800-63B-4 §2.1.3 sets no inactivity limit for AAL1. A week spans a weekend off; what a device "
            "that was lost or put away still holds is worth nothing after it (ASVS 7.3.1)",
        ),
        "refresh_absolute": Limit(
            30 * DAY,
            "NIST SP 800-63B-4 §2.1.3: 30 days at AAL1. The desktop keeps its sign-in over restarts; rotation "
            "with reuse detection (RFC 9700 §4.14.2) and the inactivity limit bound what a stolen token is worth",
        ),
        "leeway": Limit(300, "RFC 9068 §4: a few minutes at most, for clocks that differ"),
        "transaction": Limit(3600, "from the authorization request to the end of the login page"),
    }


@dataclass(frozen=True)
class StageConfig:
    """Everything that one stage is built from. Secrets do not show in its repr."""

    app: str
    stage: str
    issuer: str
    api_url: str
    web_url: str
    audience: str
    bus: str
    database: Path
    clients: tuple[Client, ...]
    lifetimes: Lifetimes
    aws: AwsAccess
    ca_file: Path | None
    other_stages: tuple[KnownStage, ...] = field(default=(), kw_only=True)  # that the web client can sign in at too
    variables: Mapping[str, bool] = field(default_factory=dict, kw_only=True)  # which of the environment were set
    state_table: str = field(default="", kw_only=True)  # of DynamoDB, in the place of the file; "": the file
    users: tuple[User, ...] = field(repr=False)
    signing_key: Mapping[str, str] = field(repr=False)  # a private JWK: EC, P-256, ES256, with its kid
    refresh_key: bytes = field(repr=False)  # derives successors of refresh tokens (HMAC-SHA256)
    subject_key: bytes = field(repr=False)  # derives the stage's pseudonyms of subjects (HMAC-SHA256)

    def host(self, url: str) -> str:
        """Return the host name of one of the stage's URLs, without the port."""
        return urlsplit(url).hostname or ""


def registered_clients(web_url: str, stage: str) -> tuple[Client, ...]:
    """Return the clients of a stage: its own web client, the desktop application on the loopback address, and a server
    of reports, which may do nothing until it is given a secret (`rotate client-secret/reports`). It takes access tokens
    as well, and may ask the issuer what they are worth.

    A desktop of this stage is answered at /cb. One that knows several stages is answered where only this one answers.
    The internal build of the desktop, which people may switch between stages, is a client that production knows not.
    """
    native = ("http://127.0.0.1/cb", f"http://127.0.0.1/cb/{stage}")
    clients = (
        Client("web", (f"{web_url}/callback",), post_logout_redirect_uris=(f"{web_url}/login",)),
        Client("desktop", native, native=True),
        Client("reports", (f"{web_url}/reports/callback",), confidential=True, introspects=True),
    )
    return clients if stage == PRODUCTION else (*clients, Client(INTERNAL_CLIENT, native, native=True))
