"""The desktop's configuration. It is a public client: nothing here is secret (RFC 8252 §8.4).

Its environment variables are declared in `reference_impl.config.variables.DESKTOP`.

`--store NAME` asks for a keyring back end by its full class name; it is used only when it is safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reference_impl.config import STAGES, ConfigurationError, variables
from reference_impl.known_stages import KnownStage, read_other_stages
from reference_impl.origin import host_of_origin


@dataclass(frozen=True)
class DesktopConfig:
    """What one desktop process is built from. ``store_timeout`` and ``background_pause`` in seconds."""

    app: str
    stage: str
    issuer: str
    api_url: str
    client_id: str
    ca_file: Path | None
    account: str
    store_switch: str | None
    store_timeout: float
    log_level: str = variables.LOG_LEVEL.default
    background_pause: float = float(variables.BACKGROUND_PAUSE.default)
    other_stages: tuple[KnownStage, ...] = ()

    def at(self, stage: KnownStage) -> DesktopConfig:
        """Return the same desktop's configuration at another stage."""
        return replace(self, stage=stage.name, issuer=stage.issuer, api_url=stage.api_url, other_stages=())


def load_desktop_config(environ: Mapping[str, str], arguments: Sequence[str]) -> DesktopConfig:
    """Read the configuration. Raises ConfigurationError with all faults at once."""
    switch, faults = _read_switch(arguments)
    stage, timeout = variables.STAGE.read(environ), _positive_number(variables.STORE_TIMEOUT.read(environ))
    issuer, ca_path = variables.ISSUER_URL.read(environ), variables.TLS_CA.read(environ)
    if stage not in STAGES:
        faults.append(f'AUTH_STAGE is "{stage}": it must be exactly one of {", ".join(STAGES)}')
    urls = (variables.ISSUER_URL, variables.API_URL)
    for one in urls:
        if not host_of_origin(one.read(environ), "https"):
            faults.append(f"{one.name} must be an https origin like {one.example}")
    if ca_path and not Path(ca_path).is_file():
        faults.append(f"AUTH_TLS_CA names no file: {ca_path}")
    names = [name for name in STAGES if name != stage]
    others = variables.OTHER_STAGES
    other_stages = read_other_stages(others.name, others.read(environ), names, issuer, faults)
    log_level = variables.LOG_LEVEL.read(environ)
    if log_level not in variables.LOG_LEVEL.choices:
        faults.append(f"AUTH_LOG_LEVEL must be one of {', '.join(variables.LOG_LEVEL.choices)}")
    if timeout is None:
        faults.append("AUTH_STORE_TIMEOUT must be a number of seconds above 0")
    background_pause = _positive_number(variables.BACKGROUND_PAUSE.read(environ))
    if background_pause is None:
        faults.append("AUTH_BACKGROUND_PAUSE must be a number of seconds above 0")
    if faults or timeout is None or background_pause is None:
        raise ConfigurationError(*faults)
    return DesktopConfig(
        app=variables.STORE_APP.read(environ),
        stage=stage,
        issuer=issuer,
        api_url=variables.API_URL.read(environ),
        client_id=variables.CLIENT_ID.read(environ),
        ca_file=Path(ca_path) if ca_path else None,
        account=variables.ACCOUNT.read(environ),
        store_switch=switch,
        store_timeout=timeout,
        log_level=log_level,
        background_pause=background_pause,
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
