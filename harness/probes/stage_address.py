"""Where a stage's issuer, API and web client are, the clients registered there, and who can log in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.errors import NotOffered
from harness.probes.clients import origin
from harness.probes.login import Login, User

__all__ = ["Client", "Route", "StageAddress", "SyncAddress"]


@dataclass(frozen=True)
class Client:
    """A client registered at the stage; `native` where its redirect URI is on the loopback address (RFC 8252).
    `authentication` is its method at the token endpoint (RFC 7591 §2), `none` for a public client."""

    client_id: str
    redirect_uri: str
    native: bool = False
    secret: str = field(default="", repr=False)
    authentication: str = "none"  # or client_secret_basic, client_secret_post
    other_redirect_uris: tuple[str, ...] = ()  # registered for it as well


@dataclass(frozen=True)
class Route:
    """A request that is answered for a user, and is no plain GET. `body` is JSON. HEAD is for what a GET would never
    end: it is answered with the same headers (RFC 9110 §9.3.2)."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class SyncAddress:
    """The paths of an API's push and pull (replicache 15.3.0), and the names of two mutators, whose arguments are
    `id` and `text` of a note: one that writes it, one that adds to its end. `workspace_header` names whose notes."""

    push: str
    pull: str
    create: str
    append: str
    workspace_header: str


@dataclass(frozen=True)
class StageAddress:
    """Where a stage is: its configured issuer identifier, its API and web client, and who can log in."""

    stage: str
    issuer: str
    api: str
    protected: str  # a URL of the API that needs a token
    web: str
    clients: Mapping[str, Client]
    users: Mapping[str, User] = field(repr=False)
    scope: str = ""
    audience: str = ""  # the API's identifier in tokens for it (RFC 9068 §2.2), where it is documented
    web_data: tuple[str, ...] = ()  # paths at which the web application answers its user with data
    api_data: tuple[str, ...] = ()  # paths at which the API answers a bearer with data, besides `protected`
    web_routes: tuple[Route, ...] = ()  # what else the web application answers its user
    api_routes: tuple[Route, ...] = ()  # what else the API answers a bearer
    push: Route | None = None  # by which a bearer's client stores what its user wrote, in the place of {witness}
    pull: str = ""  # the path at which the API shows that
    sync: SyncAddress | None = None  # where clients sync
    return_parameter: str = ""  # by which the web application is asked where a login leads to, on its login page
    return_path: str = ""  # a path that it may be asked for
    hosts: frozenset[str] = frozenset()  # what requests may go to besides the hosts of these addresses
    discovery: str = ""  # the URL of the metadata, where they lie at no well-known place
    personal: str = ""  # the user whose name stands in nothing but what tells of him
    login: Login = field(default_factory=Login)
    login_hosts: frozenset[str] = frozenset()  # where a login may lead besides the authorization endpoint's origin
    further_clients: tuple[Client, ...] = ()  # registered too, but no scenario logs in by them
    absent: Mapping[str, str] = field(default_factory=dict)  # capabilities declared absent, each with its reason

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The names that requests of this stage may go to: no credential leaves them, whatever a redirect says."""
        own = (self.issuer, self.discovery, self.api, self.web, self.protected)
        return self.hosts | {urlsplit(url).hostname or "" for url in own if url}

    @property
    def plain_origins(self) -> frozenset[str] | None:
        """Where requests may go without encryption; None: anywhere. Where the issuer is https, no more than what its
        description names so itself: metadata and redirects lead no credential into the clear."""
        if urlsplit(self.issuer).scheme != "https":
            return None
        own = (self.discovery, self.api, self.web, self.protected)
        return frozenset(origin(url) for url in own if urlsplit(url).scheme == "http")

    def not_offered(self, capability: str, otherwise: str) -> NotOffered:
        """What to raise for a capability that this target lacks, with the reason that was declared, if any."""
        declared = self.absent.get(capability.replace(" ", "_"))
        return NotOffered(capability, declared or otherwise, declared is not None)
