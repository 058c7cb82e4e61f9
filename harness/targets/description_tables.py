"""What may stand in a target's description: the tables as people write them, with what editors say of each key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from harness.probes.login import LoginStep
from harness.targets.description import Capability
from harness.targets.description_places import host_mistake, issuer_mistake, redirect_mistake, url_mistake
from harness.toml_models import Day, Text, Written

__all__ = ["DescriptionTable", "ExpectedFailureTable", "LifetimesTable", "Name", "StageTable", "Table", "without"]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


def without(mistake: Callable[[str], str]) -> AfterValidator:
    """Makes sure that there is no such mistake in a text."""

    def checked(value: str) -> str:
        if wrong := mistake(value):
            raise ValueError(wrong)
        return value

    return AfterValidator(checked)


def _redirect(value: str, info: ValidationInfo) -> str:
    """It depends on `native`, which is therefore declared before; where that is wrong itself, more is let through."""
    if wrong := redirect_mistake(value, info.data.get("native", True)):
        raise ValueError(wrong)
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("a name has lower-case letters, digits, dots and dashes only")
    return value


def _cell(value: str) -> str:
    if value.count("/") != 4:
        raise ValueError("no cell pattern; write target/os/stage/browser/store, each part a name or *")
    return value


Name = Annotated[str, AfterValidator(_name)]
CellPattern = Annotated[str, AfterValidator(_cell)]
Url = Annotated[str, without(url_mistake)]
Issuer = Annotated[str, without(issuer_mistake)]
Host = Annotated[Text, without(host_mistake)]
RedirectUri = Annotated[Text, AfterValidator(_redirect)]
Seconds = Annotated[float, Field(ge=0)]


class Table(Written):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ClientTable(Table):
    """A client that is registered at the stage, for this suite alone."""

    id: Text
    """Its client identifier."""
    native: bool = False
    """Whether it is a native app: its redirect URI is on the loopback address or has a scheme of its own (RFC 8252)."""
    redirect_uri: RedirectUri
    """A redirect URI that is registered for it. Nothing is ever sent there."""
    other_redirect_uris: list[RedirectUri] = Field(default_factory=list)
    """Further redirect URIs that are registered for it."""
    authentication: Literal["none", "client_secret_basic", "client_secret_post"] = "none"
    """How it authenticates at the token endpoint; none for a public client."""
    secret: str = ""
    """Its secret; write ${NAME} for an environment variable."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.authentication != "none" and not self.secret:
            raise ValueError(f'{self.authentication} needs a secret; write secret = "${{NAME}}"')
        if self.authentication == "none" and self.secret:
            raise ValueError('a client with a secret says how it uses it; write authentication = "client_secret_basic"')
        return self


class UserTable(Table):
    """A test user, who is nobody's real account."""

    name: Text
    """What is typed as the user name."""
    password: str = ""
    """The password; write ${NAME} for an environment variable."""


class StageTable(Table):
    """One stage of the system."""

    issuer: Issuer
    """The issuer identifier, as its metadata name it."""
    discovery: Url | None = None
    """Where its metadata are, if at none of the well-known places (RFC 8414, OpenID Connect Discovery)."""
    protected: Url | None = None
    """A URL of an API that answers 200 to a valid access token and 401 to none. Without it: the userinfo endpoint."""
    web: Url | None = None
    """The web application whose users log in here."""
    scope: str = ""
    """The scope that code requests ask for."""
    prod: bool = False
    """Whether others rely on this stage: nothing destructive is done to it."""
    ca_file: Text | None = None
    """A file of certificate authorities (PEM) to trust instead of this machine's, relative to this description."""
    hosts: list[Host] = Field(default_factory=list)
    """Hosts that requests may go to besides those of the URLs above, such as the login page's."""
    client: Annotated[list[ClientTable], Field(min_length=1)]
    """Clients; the first is used where one is enough."""
    user: Annotated[list[UserTable], Field(min_length=1)]
    """Test users; the first is the one who logs in."""


class StepTable(Table):
    """One thing that the user does at the login: exactly one of fill, click and wait."""

    fill: Text | None = None
    """The field to fill: its name or id; in a browser a CSS selector as well."""
    value: Text | None = None
    """What to fill in; {name} and {password} are the user's."""
    click: Text | None = None
    """What to click on: the text, name or id of a button or link; in a browser a CSS selector as well."""
    wait: Annotated[float, Field(ge=0, le=60)] | Text | None = None
    """Seconds to wait; in a browser also a CSS selector of what must be there."""
    optional: bool = False
    """Whether the step is left out where its page does not show, such as a consent that is asked for once."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if sum(each is not None for each in (self.fill, self.click, self.wait)) != 1:
            raise ValueError("a step is exactly one of fill, click and wait")
        if (self.fill is None) != (self.value is None):
            raise ValueError('fill and value go together; write fill = "username" and value = "{name}"')
        return self

    def step(self) -> LoginStep:
        return LoginStep(self.fill or "", self.value or "", self.click or "", self.wait or 0.0, self.optional)


class LoginTable(Table):
    """How a test user logs in. Without steps the first form with a password is filled and sent."""

    by: Literal["form", "browser"] = "form"
    """form: plain HTTP, for pages of forms; browser: a real Chromium, for pages of scripts."""
    decline: str = ""
    """What a user clicks on who declines; by default whatever is called cancel, deny or the like."""
    step: list[StepTable] = Field(default_factory=list)
    """What the user does, in order."""


class ExpectedFailureTable(Table):
    """A failure that is known. The gate accepts it until it expires, and fails once it does not happen any more."""

    expectation: Text
    """Such as TOKEN-01.E1, or a whole control."""
    cell: CellPattern = "*/*/*/*/*"
    """Where: target/os/stage/browser/store, each part a name or *."""
    reason: Text
    """Why it can be borne."""
    owner: str = ""
    """Who answers for it."""
    expires: Day
    """The last day that it holds."""


class LifetimeTable(Table):
    """A lifetime as the system's operators document it."""

    seconds: Seconds
    """How long."""
    justification: str = ""
    """Why so long, where it exceeds what is recommended."""


class LifetimesTable(Table):
    """The documented lifetimes of sessions and tokens (TOKEN-11, TOKEN-13)."""

    assurance: Literal["", "AAL1", "AAL2"] = ""
    """The assurance level that is claimed (NIST SP 800-63B-4)."""
    access_token: LifetimeTable | None = None
    """Of an access token."""
    refresh_idle: LifetimeTable | None = None
    """Of a session that is not used."""
    refresh_absolute: LifetimeTable | None = None
    """Of a session, counted from its login."""
    reuse_grace: LifetimeTable | None = None
    """For how long a used refresh token gets its answer once more; 0 where it is refused at once (TOKEN-11)."""


class LimitsTable(Table):
    """What the system is spared."""

    rate: Annotated[float, Field(gt=0, le=200)] = 20.0
    """Requests a second, at most."""
    max_wait: Annotated[float, Field(ge=0, le=200)] = 90.0
    """Seconds that one wait may take, where something is to expire; what would take longer is not run."""
    answer: Annotated[float, Field(gt=0, le=120)] = 30.0
    """Seconds that one answer may take as a whole; then it counts as none."""
    patience: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """Seconds for which slow answers may hold up a run in all; then nothing more is sent.
    A run that is told to come again later (429, 503) waits as long in all."""
    body: Annotated[int, Field(ge=10_000, le=1_000_000)] = 1_000_000
    """Bytes that are read of the body of one answer; what comes after them is not seen."""


class DescriptionTable(Table):
    """A target of Authassay: a system whose authentication is to be verified."""

    kind: Annotated[Literal["oauth", "electron"], Field(json_schema_extra={"enum": ["oauth"]})]
    """oauth: any OAuth 2.0 or OpenID Connect issuer."""
    name: Name
    """What reports call it: lower-case letters, digits, dots and dashes."""
    version: str = ""
    """The version that is verified."""
    stage: Annotated[dict[Literal["dev", "staging", "prod"], StageTable], Field(min_length=1)]
    """Its stages. Scenarios that compare stages need all three."""
    login: LoginTable = Field(default_factory=LoginTable)
    """How a test user logs in."""
    parameters: dict[str, float] = Field(default_factory=dict)
    """Policy parameters that differ here, such as code_lifetime = 120."""
    lifetimes: LifetimesTable = Field(default_factory=LifetimesTable)
    """What is documented about lifetimes."""
    absent: dict[Capability, Text] = Field(default_factory=dict)
    """Capabilities that the system does not have, each with its reason: what needs them is not applicable."""
    expected_failure: list[ExpectedFailureTable] = Field(default_factory=list)
    """Failures that are known."""
    remedies: dict[str, Text] = Field(default_factory=dict)
    """For an expectation that fails: what to change, in the system's own terms. Reports show it."""
    limits: LimitsTable = Field(default_factory=LimitsTable)
    """What the system is spared."""
