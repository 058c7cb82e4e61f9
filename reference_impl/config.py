"""Stage-aware configuration: from SST resources (not secret) and SSM Parameter Store (secret).

The stage is `AUTH_STAGE`, exactly one of `STAGES`: nothing is trimmed, folded or completed, so that a slip can never
run as production. It is checked before anything heavy is imported and before any call to AWS. Every other fault of a
configuration is collected and reported at once, by name and never by value, as `ConfigurationError`.

| environment variable | holds |
|---|---|
| `AUTH_STAGE` | the stage |
| `SST_RESOURCE_App` | `{"name", "stage"}`; its stage must agree |
| `SST_RESOURCE_Issuer` | `{"url"}`, optionally `"lifetimes"` (seconds, see `Lifetimes`) |
| `SST_RESOURCE_Api` | `{"url", "audience"}` |
| `SST_RESOURCE_Web` | `{"url"}` |
| `SST_RESOURCE_Bus` | `{"name"}` |
| `SST_RESOURCE_OtherStages` | optional: stages that the web client can sign in at too, see known_stages.py |
| `AUTH_DATABASE` | the path of the stage's SQLite file |
| `AUTH_TLS_CA` | optional: the authority that vouches for the stage's hosts (PEM) |
| `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_EVENTBRIDGE`, `AWS_REGION`, … | as everywhere in AWS |

Secrets are SecureStrings below `/<app>/<stage>/auth/`; see secret_parameters.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from reference_impl.aws import AwsAccess, ssm_client
from reference_impl.known_stages import KnownStage, read_other_stages
from reference_impl.secret_parameters import StageSecrets, User, read_secrets

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

STAGES = ("dev", "staging", "prod")
HTTPS_ONLY = ("staging", "prod")
DAY = 24 * 3600  # seconds


class ConfigurationError(Exception):
    """A configuration that must not serve. ``faults``: one sentence each, without any secret value."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class Client:
    """A registered public client. ``native``: its redirect URIs are on the loopback address (RFC 8252 §7.3)."""

    client_id: str
    redirect_uris: tuple[str, ...]
    native: bool = False


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
    users: tuple[User, ...] = field(repr=False)
    signing_key: Mapping[str, str] = field(repr=False)  # a private JWK: EC, P-256, ES256, with its kid
    refresh_key: bytes = field(repr=False)  # derives successors of refresh tokens (HMAC-SHA256)
    subject_key: bytes = field(repr=False)  # derives the stage's pseudonyms of subjects (HMAC-SHA256)

    def host(self, url: str) -> str:
        """Return the host name of one of the stage's URLs, without the port."""
        return urlsplit(url).hostname or ""


SsmFactory = Callable[[Mapping[str, str]], "SSMClient"]


def load_config(environ: Mapping[str, str], ssm: SsmFactory = ssm_client) -> StageConfig:
    """Build the configuration of the stage that the environment names.

    Raises ConfigurationError with all faults; with that of the stage alone where the stage itself is at fault,
    because nothing else may be read then.
    """
    stage = parse_stage(environ.get("AUTH_STAGE", ""))
    faults: list[str] = []
    resources = _Resources(environ, faults)
    app = resources.text("App", "name")
    if resources.text("App", "stage") not in ("", stage):
        faults.append(f'SST_RESOURCE_App is of another stage than AUTH_STAGE ("{stage}"): deploy them together')
    urls = {name: _checked_url(resources, name, stage) for name in ("Issuer", "Api", "Web")}
    lifetimes = _lifetimes(resources.of("Issuer").get("lifetimes", {}), faults)
    audience, bus = resources.text("Api", "audience"), resources.text("Bus", "name")
    others = environ.get("SST_RESOURCE_OtherStages", "")
    known = [name for name in STAGES if name != stage]
    other_stages = read_other_stages("SST_RESOURCE_OtherStages", others, known, urls["Issuer"], faults)
    if not environ.get("AUTH_DATABASE"):
        faults.append("AUTH_DATABASE is not set: it is the path of the stage's database file")
    secrets = _read_secrets(environ, ssm, app, stage, faults) if app else None
    if faults or secrets is None:
        raise ConfigurationError(*faults)
    return StageConfig(
        app=app,
        stage=stage,
        issuer=urls["Issuer"],
        api_url=urls["Api"],
        web_url=urls["Web"],
        audience=audience,
        bus=bus,
        database=Path(environ["AUTH_DATABASE"]),
        clients=registered_clients(urls["Web"], stage),
        lifetimes=lifetimes,
        aws=AwsAccess.of_environment(environ),
        ca_file=Path(environ["AUTH_TLS_CA"]) if environ.get("AUTH_TLS_CA") else None,
        other_stages=other_stages,
        **vars(secrets),
    )


def _read_secrets(
    environ: Mapping[str, str], ssm: SsmFactory, app: str, stage: str, faults: list[str]
) -> StageSecrets | None:
    with closing(ssm(environ)) as client:
        return read_secrets(client, app, stage, faults)


def parse_stage(value: str) -> str:
    """Return the stage that ``value`` exactly is; ConfigurationError names it and the allowed ones otherwise."""
    if value in STAGES:
        return value
    allowed = ", ".join(STAGES)
    if not value:
        raise ConfigurationError(f'AUTH_STAGE is not set (""): set it to exactly one of {allowed}')
    near = get_close_matches(value.strip().lower(), STAGES, 1, 0.5)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ConfigurationError(f'AUTH_STAGE is "{value}", which is no stage: set it to exactly one of {allowed}{hint}')


def registered_clients(web_url: str, stage: str) -> tuple[Client, ...]:
    """Return the clients of a stage: its own web client, and the desktop application on the loopback address.

    A desktop of this stage is answered at /cb. One that knows several stages is answered where only this one answers.
    """
    return (
        Client("web", (f"{web_url}/callback",)),
        Client("desktop", ("http://127.0.0.1/cb", f"http://127.0.0.1/cb/{stage}"), native=True),
    )


class _Resources:
    """Reads SST resources (JSON objects in the environment) and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str], faults: list[str]) -> None:
        self._environ = environ
        self.faults = faults
        self._read: dict[str, dict[str, object]] = {}

    def of(self, name: str) -> dict[str, object]:
        """Return the resource, empty if it is absent or malformed."""
        if name not in self._read:
            self._read[name] = self._parse(f"SST_RESOURCE_{name}")
        return self._read[name]

    def text(self, name: str, member: str) -> str:
        """Return a member that must be a string with something in it; "" and a fault otherwise."""
        value = self.of(name).get(member)
        if isinstance(value, str) and value:
            return value
        if self.of(name):
            self.faults.append(f'SST_RESOURCE_{name} has no text under "{member}"')
        return ""

    def _parse(self, variable: str) -> dict[str, object]:
        text = self._environ.get(variable, "")
        try:
            value = json.loads(text) if text else None
        except ValueError:
            value = None
        if isinstance(value, dict) and value:
            return value
        self.faults.append(f"{variable} is {'not a JSON object' if text else 'not set'}: start under SST, or set it")
        return {}


def _checked_url(resources: _Resources, name: str, stage: str) -> str:
    """Return the resource's URL: an origin, https except in dev, as RFC 8414 §2 wants an issuer identifier."""
    url = resources.text(name, "url")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or f"{parts.scheme}://{parts.netloc}" != url:
        resources.faults.append(f'SST_RESOURCE_{name}: url is not an origin like "https://host": no path, no slash')
    elif stage in HTTPS_ONLY and parts.scheme != "https":
        resources.faults.append(f"SST_RESOURCE_{name}: url is not https, which {stage} requires")
    return url


def _lifetimes(given: object, faults: list[str]) -> Lifetimes:
    """Return the lifetimes, each within its ceiling."""
    known = asdict(Lifetimes())
    changes: dict[str, int] = {}
    for name, value in (given if isinstance(given, dict) else {"": given}).items():
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            faults.append(f'SST_RESOURCE_Issuer: no lifetime is called "{name}"' + (f", {near[0]} is" if near else ""))
        elif type(value) is not int or not 0 <= value <= Lifetimes.LIMITS[name].ceiling:
            ceiling = Lifetimes.LIMITS[name].ceiling
            faults.append(f"SST_RESOURCE_Issuer: lifetime {name} is 0 to {ceiling} whole seconds")
        else:
            changes[name] = value
    return Lifetimes(**{**known, **changes})
