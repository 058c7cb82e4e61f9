"""What a deployment says of its stages in public: addresses and client ids. A build reads its own stage's from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reference_impl.config.build_stamp import BuildStamp, digests, host_digest
from reference_impl.config.model import INTERNAL_CLIENT, PRODUCTION, STAGES
from reference_impl.json_text import read_json
from reference_impl.origin import host_of_origin


class BuildError(Exception):
    """A build that must not be made. ``faults``: one sentence each, without any secret value."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class StageOutputs:
    """A stage's public addresses, all of them origins."""

    issuer: str
    api: str
    web: str


def read_outputs(path: Path) -> dict[str, StageOutputs]:
    """Read ``{"dev": {"issuer": URL, "api": URL, "web": URL}, …}``. Raises BuildError with every fault."""
    try:
        written = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"{path} is not a readable JSON file ({type(error).__name__})") from error
    if not isinstance(written, dict):
        raise BuildError(f"{path} is not a JSON object of stages")
    faults = [
        f'{path}: "{stage}" is no stage, it is one of {", ".join(STAGES)}' for stage in written.keys() - {*STAGES}
    ]
    outputs: dict[str, StageOutputs] = {}
    for stage, values in written.items():
        found = values if isinstance(values, dict) else {}
        absent = [name for name in ("issuer", "api", "web") if not host_of_origin(str(found.get(name, "")), "https")]
        faults += [f"{path}: {stage} has no origin like https://host under {name}" for name in absent]
        outputs[stage] = StageOutputs(*(str(found.get(name, "")) for name in ("issuer", "api", "web")))
    if faults:
        raise BuildError(*faults)
    return outputs


def make_stamp(
    stage: str, outputs: Mapping[str, StageOutputs], internal: Iterable[str] = (), ca: str = ""
) -> BuildStamp:
    """Return the stamp of a stage's client; ``internal``: the stages that people may switch it to.

    Raises BuildError: production is built for itself alone, and nothing is built that may be switched to it.
    """
    switchable = tuple(dict.fromkeys(internal))
    known = {stage, *switchable}
    faults = [f'"{name}" is not among the deployment\'s outputs' for name in sorted(known - outputs.keys())]
    if switchable and PRODUCTION in known:
        faults.append("an internal build has no production stage in it: leave out --internal, or prod")
    if faults:
        raise BuildError(*faults)
    own = outputs[stage]
    foreign = _digests_of(one for name, one in outputs.items() if name not in known)
    faults += [
        f"{name} has the {role} on a host of a stage that is not built: give {name} one of its own"
        for name in sorted(known)
        for role, url in vars(outputs[name]).items()
        if host_digest(url) in foreign
    ]
    if faults:
        raise BuildError(*faults)
    others = {name: {"issuer": outputs[name].issuer, "api": outputs[name].api} for name in switchable if name != stage}
    return BuildStamp(
        stage=stage,
        issuer=own.issuer,
        api_url=own.api,
        web_url=own.web,
        client_id=INTERNAL_CLIENT if switchable else "desktop",
        ca_file=ca,
        internal=bool(switchable),
        other_stages=others,
        foreign=foreign,
    )


def _digests_of(stages: Iterable[StageOutputs]) -> tuple[str, ...]:
    return digests(url for stage in stages for url in (stage.issuer, stage.api, stage.web))
