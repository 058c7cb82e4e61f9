"""The desktop's configuration. It is a public client: nothing here is secret (RFC 8252 §8.4).

| environment variable | holds | default |
|---|---|---|
| `AUTH_STAGE` | dev, staging or prod | |
| `AUTH_ISSUER` | the issuer's URL | |
| `AUTH_API` | the API's URL | |
| `AUTH_CLIENT_ID` | the client id | `desktop` |
| `AUTH_OTHER_STAGES` | further stages to sign in at, see known_stages.py | none |
| `AUTH_TLS_CA` | the authority that vouches for both (PEM file) | the system's |
| `AUTH_APP` | the application's name in the session store | `authassay` |
| `AUTH_ACCOUNT` | which of the user's accounts this process keeps | `default` |
| `AUTH_STORE_TIMEOUT` | seconds for each call to the store's back end | 10 |

`--store NAME` asks for a keyring back end by its full class name; it is used only when it is safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from reference_impl.config import STAGES, ConfigurationError
from reference_impl.known_stages import KnownStage, read_other_stages


@dataclass(frozen=True)
class DesktopConfig:
    """What one desktop process is built from. ``store_timeout`` in seconds."""

    app: str
    stage: str
    issuer: str
    api_url: str
    client_id: str
    ca_file: Path | None
    account: str
    store_switch: str | None
    store_timeout: float
    other_stages: tuple[KnownStage, ...] = ()

    def at(self, stage: KnownStage) -> DesktopConfig:
        """Return the same desktop's configuration at another stage."""
        return replace(self, stage=stage.name, issuer=stage.issuer, api_url=stage.api_url, other_stages=())


def load_desktop_config(environ: Mapping[str, str], arguments: Sequence[str]) -> DesktopConfig:
    """Read the configuration. Raises ConfigurationError with all faults at once."""
    switch, faults = _read_switch(arguments)
    stage, timeout = environ.get("AUTH_STAGE", ""), _positive_number(environ.get("AUTH_STORE_TIMEOUT", "10"))
    ca_file = Path(environ["AUTH_TLS_CA"]) if environ.get("AUTH_TLS_CA") else None
    if stage not in STAGES:
        faults.append(f'AUTH_STAGE is "{stage}": it must be exactly one of {", ".join(STAGES)}')
    urls = ("AUTH_ISSUER", "AUTH_API")
    faults += [f"{name} must be an https URL" for name in urls if urlsplit(environ.get(name, "")).scheme != "https"]
    if ca_file is not None and not ca_file.is_file():
        faults.append(f"AUTH_TLS_CA names no file: {ca_file}")
    names = [name for name in STAGES if name != stage]
    others = environ.get("AUTH_OTHER_STAGES", "")
    other_stages = read_other_stages("AUTH_OTHER_STAGES", others, names, environ.get("AUTH_ISSUER", ""), faults)
    if timeout is None:
        faults.append("AUTH_STORE_TIMEOUT must be a number of seconds above 0")
    if faults or timeout is None:
        raise ConfigurationError(*faults)
    return DesktopConfig(
        app=environ.get("AUTH_APP") or "authassay",
        stage=stage,
        issuer=environ["AUTH_ISSUER"],
        api_url=environ["AUTH_API"],
        client_id=environ.get("AUTH_CLIENT_ID") or "desktop",
        ca_file=ca_file,
        account=environ.get("AUTH_ACCOUNT") or "default",
        store_switch=switch,
        store_timeout=timeout,
        other_stages=other_stages,
    )


def _read_switch(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the value of --store, and what is wrong with the arguments."""
    match list(arguments):
        case []:
            return None, []
        case ["--store", name]:
            return name, []
        case [one] if one.startswith("--store="):
            return one.removeprefix("--store="), []
    return None, [f"the arguments {list(arguments)} are not known here; there is only --store NAME"]


def _positive_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number > 0 and math.isfinite(number) else None
