"""What a person meets at a client, and how a process starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["Cookie", "CookieJar", "PageView", "ProcessRun"]


@dataclass(frozen=True, kw_only=True)
class PageView(Observation):
    """A page as a person sees it. `alerts` are the visible texts with role alert."""

    kind: Literal["page"] = "page"
    url: str
    title: str
    text: str
    alerts: tuple[str, ...] = ()
    document_cookie: str = ""
    signed_in: bool | None = None


@dataclass(frozen=True)
class Cookie:
    """A cookie with its attributes; the value is a mark. `decoded` is what its value decodes to, as a shape: opaque,
    json, jwt; `personal` lists kinds of personal data or tokens found in clear inside it."""

    name: str
    domain: str
    path: str
    secure: bool
    http_only: bool
    same_site: str
    host_only: bool
    size: int
    value: str = ""
    max_age: int | None = None
    decoded: str = "opaque"
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CookieJar(Observation):
    """Cookies: of a browser's jar (`source` jar), set by answers (`set-cookie`), or sent to `url` (`sent`)."""

    kind: Literal["cookies"] = "cookies"
    source: Literal["jar", "set-cookie", "sent"]
    cookies: tuple[Cookie, ...]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ProcessRun(Observation):
    """A start of a process. `exit_code` is None while it runs; `ready` tells that it accepted connections."""

    kind: Literal["process"] = "process"
    argument: str
    ready: bool
    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
