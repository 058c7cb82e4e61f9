"""A packed desktop's configuration: what its build fixed is taken from the stamp, whatever else says otherwise.

Environment, arguments, settings and links belong to whoever starts the program. In a packed build they choose neither
stage nor issuer nor API nor certificate authority (OWASP ASVS 5.0.0 13.2.4): what they say of these is passed over, and
the log names what was, and not what it said.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from reference_impl.config import BuildStamp, ConfigurationError, variables
from reference_impl.config.build_stamp import OF_THIS_PROGRAM
from reference_impl.desktop.config import DesktopConfig, load_desktop_config

FIXED = (
    variables.STAGE,
    variables.SETTINGS,
    variables.ISSUER_URL,
    variables.API_URL,
    variables.CLIENT_ID,
    variables.OTHER_STAGES,
    variables.TLS_CA,
)
SWITCH = "--store"

_log = logging.getLogger("reference_impl.desktop")


def load_packed_config(environ: Mapping[str, str], arguments: Sequence[str], stamp: BuildStamp | None) -> DesktopConfig:
    """Return the configuration: the stamp's where there is one. Raises ConfigurationError with all faults at once."""
    if stamp is None:
        return load_desktop_config(environ, arguments)
    passed_over = [variable.name for variable in FIXED if variable.name in environ]
    kept = _own_arguments(arguments)
    if passed_over or len(kept) < len(arguments):
        fields = {"record": "overrides-passed-over", "variables": passed_over, "arguments": len(arguments) - len(kept)}
        _log.warning("%s", fields["record"], extra={"fields": fields})
    refused = [role for role in ("issuer", "api_url", "web_url") if stamp.refuses(getattr(stamp, role))]
    if refused:
        what = " and ".join(role.removesuffix("_url") for role in refused)
        raise ConfigurationError(f"this build is stamped for {stamp.stage} with another stage's {what}: pack it again")
    return load_desktop_config({**_without(environ), **_of_stamp(stamp)}, kept)


def _without(environ: Mapping[str, str]) -> dict[str, str]:
    fixed = {variable.name for variable in FIXED}
    return {name: value for name, value in environ.items() if name not in fixed}


def _of_stamp(stamp: BuildStamp) -> dict[str, str]:
    values = {
        variables.STAGE: stamp.stage,
        variables.ISSUER_URL: stamp.issuer,
        variables.API_URL: stamp.api_url,
        variables.CLIENT_ID: stamp.client_id,
        variables.OTHER_STAGES: json.dumps(stamp.other_stages) if stamp.other_stages else "",
        variables.TLS_CA: str(Path(OF_THIS_PROGRAM).with_name(stamp.ca_file)) if stamp.ca_file else "",
    }
    return {variable.name: value for variable, value in values.items()}


def _own_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments that do not concern endpoints: the switch of the store."""
    for place, argument in enumerate(arguments):
        if argument.startswith(f"{SWITCH}="):
            return [argument]
        if argument == SWITCH and place + 1 < len(arguments):
            return [argument, arguments[place + 1]]
    return []
