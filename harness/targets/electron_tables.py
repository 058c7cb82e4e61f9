"""What may stand in the description of a desktop shell, with what editors say of each key."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from harness.targets.description import Capability
from harness.targets.description_places import host_mistake, is_loopback, url_mistake
from harness.targets.description_tables import ExpectedFailureTable, Name, Table, without
from harness.toml_models import Text

__all__ = ["ShellTable"]

_PATH = re.compile(r"[A-Za-z_$][\w$]*(\.[\w$]+)*")


def _path_mistake(text: str) -> str:
    return "" if _PATH.fullmatch(text) else "no name in the page's world; write one such as desktop.onChanged"


def _function_mistake(text: str) -> str:
    path, slash, arity = text.partition("/")
    if slash and not arity.isdigit():
        return "no number of arguments after the slash; write one such as desktop.openHelp/1"
    return _path_mistake(path)


def _pattern_mistake(text: str) -> str:
    return "" if re.match(r"[a-z][a-z0-9+.-]*:", text) else "no URL; write a pattern such as app://shell/*"


def _debugging_mistake(text: str) -> str:
    if wrong := url_mistake(text):
        return wrong
    parts = urlsplit(text)
    if not is_loopback(parts.hostname or ""):
        return "a debugging port is spoken to on this machine only; write one such as http://127.0.0.1:9222"
    return "" if parts.port else "a URL without a port; write one such as http://127.0.0.1:9222"


PathInPage = Annotated[Text, without(_path_mistake)]
Function = Annotated[Text, without(_function_mistake)]
Pattern = Annotated[Text, without(_pattern_mistake)]


class BridgeTable(Table):
    """What the preload gives to pages."""

    objects: list[PathInPage] = Field(default_factory=list)
    """The names of its objects in the page's world, such as those given to contextBridge.exposeInMainWorld."""
    functions: list[Function] | None = None
    """Its documented functions: desktop.openHelp, or desktop.openHelp/1 where it shows the number of its arguments."""
    spared: list[PathInPage] = Field(default_factory=list)
    """Functions that are not called by the suite, such as one that quits."""
    subscribe: PathInPage | None = None
    """A function that takes a callback."""
    provoke: Text | None = None
    """A JavaScript expression in the page's world that has callbacks called."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if (self.subscribe is None) != (self.provoke is None):
            raise ValueError("subscribe and provoke go together: a callback is seen only if something calls it")
        return self


class ShellTable(Table):
    """A target of Authassay: a desktop application that is built on Chromium."""

    kind: Annotated[Literal["electron", "oauth"], Field(json_schema_extra={"enum": ["electron"]})]
    """electron: Electron, Qt WebEngine, CEF, or whatever else has Chromium's debugging port."""
    name: Name
    """What reports call it: lower-case letters, digits, dots and dashes."""
    version: str = ""
    """The version that is verified."""
    stage: Literal["dev", "staging", "prod"] = "prod"
    """The stage that this build is for."""
    command: list[Text] = Field(default_factory=list)
    """What starts it with its debugging port open at {port}. It has a home of its own, {home}."""
    released: list[Text] = Field(default_factory=list)
    """What starts it as its users do; by default the command without what names {port}."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables that it is started with besides; {port} and {home} as above, ${NAME} for an environment variable."""
    debugging: Annotated[str, without(_debugging_mistake)] | None = None
    """In place of a command: where the debugging port of the running application is, such as http://127.0.0.1:9222."""
    page: Pattern
    """The URL of the main window's page; * stands for anything."""
    pages: list[Pattern] = Field(default_factory=list)
    """The URLs of further pages of its own that windows may show."""
    hosts: list[Annotated[Text, without(host_mistake)]] = Field(default_factory=list)
    """Hosts of the web of which windows may show pages."""
    seconds: Annotated[float, Field(gt=0, le=180)] = 60.0
    """How long it may take to start."""
    held: dict[Literal["refresh_token", "code_verifier"], Text] = Field(default_factory=dict)
    """Secrets of whoever is signed in there, by ${NAME}: looked for in its windows whatever they are called."""
    bridge: BridgeTable = Field(default_factory=BridgeTable)
    """What the preload gives to pages."""
    absent: dict[Capability, Text] = Field(default_factory=dict)
    """Capabilities that the system does not have, each with its reason: what needs them is not applicable."""
    expected_failure: list[ExpectedFailureTable] = Field(default_factory=list)
    """Failures that are known."""
    remedies: dict[str, Text] = Field(default_factory=dict)
    """For an expectation that fails: what to change, in the application's own terms. Reports show it."""

    @model_validator(mode="after")
    def _is_reached_in_one_way(self) -> Self:
        if bool(self.command) == (self.debugging is not None):
            raise ValueError(
                'a shell is started, or runs already; write command = ["…", "--remote-debugging-port={port}"]'
                ' or debugging = "http://127.0.0.1:9222"'
            )
        if self.debugging is not None and (self.environment or self.released):
            raise ValueError("environment and released are of a shell that is started; leave them out with debugging")
        if self.command and not any("{port}" in each for each in (*self.command, *self.environment.values())):
            raise ValueError(
                'nothing names {port}; write command = ["…", "--remote-debugging-port={port}"], or for Qt'
                ' environment = { QTWEBENGINE_REMOTE_DEBUGGING = "127.0.0.1:{port}" }'
            )
        return self
