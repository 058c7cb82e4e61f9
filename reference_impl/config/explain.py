"""Says where each value of a configuration came from, and what is wrong with it; no secret is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from reference_impl.aws import ssm_client
from reference_impl.config import variables
from reference_impl.config.build_stamp import BuildStamp
from reference_impl.config.errors import ConfigurationError
from reference_impl.config.loading import load_config
from reference_impl.config.origins import Origin, Origins
from reference_impl.config.secrets import SsmFactory


@dataclass(frozen=True)
class Explanation:
    """Where each value came from, in the order of reading, and the faults for which it may not serve."""

    origins: tuple[Origin, ...]
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as JSON-ready data."""
        return {"values": [asdict(origin) for origin in self.origins], "faults": list(self.faults)}

    def as_text(self) -> str:
        """Return it as a table: value's name, value, source; then each fault on a line."""
        wide = max((len(origin.name) for origin in self.origins), default=0)
        lines = [f"{one.name:{wide}}  {one.value or '-'}\n{'':{wide}}  from {one.source}" for one in self.origins]
        return "\n".join([*lines, *(f"fault: {fault}" for fault in self.faults)])


def explain_config(
    environ: Mapping[str, str], ssm: SsmFactory = ssm_client, stamp: BuildStamp | None = None
) -> Explanation:
    """Read the configuration as a start would, and tell what came from where, also where it may not serve."""
    origins = Origins()
    faults: tuple[str, ...] = ()
    try:
        load_config(environ, ssm, stamp, origins)
    except ConfigurationError as error:
        faults = error.faults
    known = {origin.name for origin in origins} | {origin.name.partition(".")[0] for origin in origins}
    for variable in variables.SERVER:
        short = variable.name.removeprefix(variables.RESOURCE_PREFIX)
        if variable is not variables.STAGE and not {variable.name, short} & known:
            origins.note_variable(variable, environ.get(variable.name, ""))
    return Explanation(tuple(origins), faults)
