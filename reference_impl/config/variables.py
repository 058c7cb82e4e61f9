"""Every environment variable of the reference, declared once: the loaders read by these, the documentation is made of
them. A variable that is not declared here cannot be read.

``SERVER`` are those of ``python -m reference_impl``, ``DESKTOP`` those of ``python -m reference_impl.desktop``,
``OPERATE`` those of ``python -m reference_impl.operate``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERY_STAGE = ("dev", "staging", "prod")


class Type(StrEnum):
    """What the text of a variable is read as."""

    STAGE = "stage"  # exactly one of the stages
    TEXT = "text"
    URL = "URL"  # an https URL
    PATH = "path"
    JSON = "JSON object"
    BASE64_KEY = "base64, 32 bytes"
    SECONDS = "seconds"
    ADDRESS = "127.0.0.1:PORT"
    CHOICE = "one of a list"


@dataclass(frozen=True)
class Variable:
    """One variable. ``secret``: its value may be shown nowhere. ``default``: what holds where it is not set.

    ``stages``: where it has a meaning. ``choices``: all values of a `Type.CHOICE`. ``members``: those of a `Type.JSON`
    that are read; what else stands in it may be a secret, and is shown nowhere.
    """

    name: str
    type: Type
    meaning: str
    example: str = ""
    required: bool = False
    secret: bool = False
    default: str = ""
    stages: tuple[str, ...] = EVERY_STAGE
    choices: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    rotation: str = "none: it counts from the next start on"  # what to do when it is to change, or has leaked

    def read(self, environ: Mapping[str, str]) -> str:
        """Return the variable's text; the default where it is not set, or empty."""
        return environ.get(self.name) or self.default


STAGE = Variable(
    "AUTH_STAGE",
    Type.STAGE,
    "the stage; nothing is trimmed, folded or guessed. A build stamp comes before it, the settings file after it",
    "prod",
)
SETTINGS = Variable(
    "AUTH_SETTINGS",
    Type.PATH,
    'a JSON file whose "stage" counts where neither a build stamp nor AUTH_STAGE names one',
    "/etc/auth/settings.json",
)
DATABASE = Variable(
    "AUTH_DATABASE",
    Type.PATH,
    "the stage's SQLite file: accounts, fingerprints of tokens, outbox",
    "/var/lib/auth/prod.sqlite",
    required=True,
)
STATE_TABLE = Variable(
    "AUTH_STATE_TABLE",
    Type.TEXT,
    "a DynamoDB table, laid out as SST's Auth component does, that keeps accounts, sessions and outbox in the place of "
    "the SQLite file",
    "shop-prod-AuthTable",
)
TLS_CA = Variable(
    "AUTH_TLS_CA", Type.PATH, "the authority that vouches for the stage's hosts (PEM)", "/etc/auth/ca.pem"
)
LISTEN = Variable("AUTH_LISTEN", Type.ADDRESS, "where the server listens; loopback only", "127.0.0.1:8443", True)
TLS_CERT = Variable(
    "AUTH_TLS_CERT",
    Type.PATH,
    "private key and certificate chain (PEM); the file that it names is secret",
    "/etc/auth/tls.pem",
    required=True,
    rotation="a new file, then a start; the authority revokes what leaked",
)
SECRETS = Variable(
    "AUTH_SECRETS",
    Type.CHOICE,
    "where secrets are: SSM parameters below /<app>/<stage>/auth/, or SST's own secret state of the stage",
    "sst",
    default="ssm",
    choices=("ssm", "sst"),
)

RESOURCE_PREFIX = "SST_RESOURCE_"
APP = Variable(
    "SST_RESOURCE_App",
    Type.JSON,
    "name and stage of the app; its stage must agree",
    '{"name": "shop", "stage": "prod"}',
    required=True,
    members=("name", "stage"),
)
ISSUER = Variable(
    "SST_RESOURCE_Issuer",
    Type.JSON,
    'the issuer\'s origin, https but for dev; optionally "lifetimes" in seconds',
    '{"url": "https://auth.shop.example"}',
    required=True,
    members=("url", "lifetimes"),
)
API = Variable(
    "SST_RESOURCE_Api",
    Type.JSON,
    "the API's origin, and the audience of its tokens",
    '{"url": "https://api.shop.example", "audience": "shop-api"}',
    required=True,
    members=("url", "audience"),
)
WEB = Variable(
    "SST_RESOURCE_Web",
    Type.JSON,
    "the web client's origin",
    '{"url": "https://app.shop.example"}',
    required=True,
    members=("url",),
)
BUS = Variable(
    "SST_RESOURCE_Bus",
    Type.JSON,
    "the EventBridge bus",
    '{"name": "shop-prod-bus"}',
    required=True,
    members=("name",),
)
OTHER_STAGES_RESOURCE = Variable(
    "SST_RESOURCE_OtherStages",
    Type.JSON,
    "further stages that the web client can sign in at (reference_impl/known_stages.py)",
    '{"staging": {"issuer": "https://auth.staging.shop.example", "api": "https://api.staging.shop.example"}}',
)
KEY = Variable(
    "SST_KEY",
    Type.BASE64_KEY,
    "opens the resource file; both are set by SST, or neither",
    secret=True,
    rotation="deploy again: SST makes a new key and a new file",
)
KEY_FILE = Variable(
    "SST_KEY_FILE",
    Type.PATH,
    "the resource file: resources by name, AES-256-GCM; what stands in it comes before SST_RESOURCE_…",
    "resource.enc",
)

REGION = Variable("AWS_REGION", Type.TEXT, "the region", "eu-central-1")
DEFAULT_REGION = Variable(
    "AWS_DEFAULT_REGION", Type.TEXT, "the region where AWS_REGION is not set", "eu-central-1", default="eu-west-1"
)
ENDPOINT = Variable("AWS_ENDPOINT_URL", Type.TEXT, "where AWS is stood in for", "http://127.0.0.1:5000")
EVENTS_ENDPOINT = Variable(
    "AWS_ENDPOINT_URL_EVENTBRIDGE", Type.TEXT, "the same for EventBridge alone", "http://127.0.0.1:5001"
)
ACCESS_KEY_ID = Variable(
    "AWS_ACCESS_KEY_ID",
    Type.TEXT,
    "without it boto3's own chain of credentials decides",
    secret=True,
    rotation="a second key in IAM, this one set, a start, then the old one deactivated; better a role, which has none",
)
SECRET_ACCESS_KEY = Variable(
    "AWS_SECRET_ACCESS_KEY",
    Type.TEXT,
    "belongs to AWS_ACCESS_KEY_ID",
    secret=True,
    rotation="with AWS_ACCESS_KEY_ID",
)
SESSION_TOKEN = Variable(
    "AWS_SESSION_TOKEN",
    Type.TEXT,
    "of temporary credentials",
    secret=True,
    rotation="it ends by itself, within hours",
)

ISSUER_URL = Variable(
    "AUTH_ISSUER", Type.URL, "the issuer; a packed build has its own", "https://auth.shop.example", required=True
)
API_URL = Variable(
    "AUTH_API", Type.URL, "the API; a packed build has its own", "https://api.shop.example", required=True
)
CLIENT_ID = Variable("AUTH_CLIENT_ID", Type.TEXT, "the client id", "desktop", default="desktop")
OTHER_STAGES = Variable(
    "AUTH_OTHER_STAGES",
    Type.JSON,
    "further stages to sign in at (reference_impl/known_stages.py)",
    '{"staging": {"issuer": "https://auth.staging.shop.example", "api": "https://api.staging.shop.example"}}',
)
STORE_APP = Variable(
    "AUTH_APP", Type.TEXT, "the application's name in the session store", "authassay", default="authassay"
)
ACCOUNT = Variable(
    "AUTH_ACCOUNT", Type.TEXT, "which of the user's accounts this process keeps", "default", default="default"
)
STORE_TIMEOUT = Variable(
    "AUTH_STORE_TIMEOUT", Type.SECONDS, "for each call to the store's back end", "10", default="10"
)
BACKGROUND_PAUSE = Variable(
    "AUTH_BACKGROUND_PAUSE",
    Type.SECONDS,
    "between two looks of the desktop at whether its session still holds, and under which name",
    "60",
    default="300",
)
LOG_LEVEL = Variable(
    "AUTH_LOG_LEVEL",
    Type.CHOICE,
    "from which level on the desktop logs; at none is a secret in a log",
    "info",
    default="info",
    choices=("debug", "info", "warning", "error"),
)

OPERATIONS_LOG = Variable(
    "AUTH_OPERATIONS_LOG",
    Type.PATH,
    "the file to which each operation of an operator adds who, what and when; without it none is done",
    "/var/log/auth/operations.jsonl",
    required=True,
)

KEYRING_BACK_END = Variable(
    "PYTHON_KEYRING_BACKEND",
    Type.TEXT,
    "a back end asked for, as by --store or keyring's own configuration file: it is used only if it is safe",
    "keyring.backends.SecretService.Keyring",
)

SERVER = (
    STAGE,
    SETTINGS,
    APP,
    ISSUER,
    API,
    WEB,
    BUS,
    OTHER_STAGES_RESOURCE,
    KEY,
    KEY_FILE,
    SECRETS,
    DATABASE,
    STATE_TABLE,
    TLS_CA,
    LISTEN,
    TLS_CERT,
    REGION,
    DEFAULT_REGION,
    ENDPOINT,
    EVENTS_ENDPOINT,
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
)
OPERATE = (*SERVER, OPERATIONS_LOG)
DESKTOP = (
    STAGE,
    ISSUER_URL,
    API_URL,
    CLIENT_ID,
    OTHER_STAGES,
    TLS_CA,
    STORE_APP,
    ACCOUNT,
    STORE_TIMEOUT,
    BACKGROUND_PAUSE,
    LOG_LEVEL,
    KEYRING_BACK_END,
)


def every() -> Iterator[Variable]:
    """Return each declared variable once, in the order of the programs that read them."""
    yield from dict.fromkeys((*SERVER, *DESKTOP, *OPERATE))
