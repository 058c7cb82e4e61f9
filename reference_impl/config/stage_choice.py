"""Which stage this is: by build stamp, environment or settings, in this order, and never by a guess.

1. The build stamp of a packed program. It is final: whatever else names a stage must name the same one.
2. ``AUTH_STAGE``, where it is set, also where it is set to nothing.
3. ``"stage"`` of the settings file that ``AUTH_SETTINGS`` names.

The value is exactly one of the stages: nothing is trimmed, folded or completed, so that a slip can never run as
production.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reference_impl.config import variables
from reference_impl.config.build_stamp import BuildStamp
from reference_impl.config.errors import ConfigurationError
from reference_impl.config.model import STAGES
from reference_impl.json_text import read_json


@dataclass(frozen=True)
class StageChoice:
    """A stage, and what named it."""

    stage: str
    source: str


def choose_stage(environ: Mapping[str, str], stamp: BuildStamp | None = None) -> StageChoice:
    """Return the stage. Raises ConfigurationError where none is named, it is none, or two sources disagree."""
    if stamp is not None:
        return StageChoice(_agreeing(stamp.stage, environ), "build stamp")
    if variables.STAGE.name in environ:
        return StageChoice(parse_stage(environ[variables.STAGE.name]), variables.STAGE.name)
    if path := variables.SETTINGS.read(environ):
        return StageChoice(parse_stage(_stage_of(Path(path)), f'"stage" in {path}'), f"settings file {path}")
    return StageChoice(parse_stage(""), variables.STAGE.name)


def parse_stage(value: str, name: str = variables.STAGE.name) -> str:
    """Return the stage that ``value`` exactly is; ConfigurationError names it and the allowed ones otherwise."""
    if value in STAGES:
        return value
    allowed = ", ".join(STAGES)
    if not value:
        raise ConfigurationError(f'{name} is not set (""): set it to exactly one of {allowed}')
    near = get_close_matches(value.strip().lower(), STAGES, 1, 0.5)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ConfigurationError(f'{name} is "{value}", which is no stage: set it to exactly one of {allowed}{hint}')


def _agreeing(stamped: str, environ: Mapping[str, str]) -> str:
    stage = parse_stage(stamped, "the build stamp's stage")
    named = {}
    if variables.STAGE.name in environ:
        named[variables.STAGE.name] = environ[variables.STAGE.name]
    if path := variables.SETTINGS.read(environ):
        named[f'"stage" in {path}'] = _stage_of(Path(path))
    faults = [
        f'{source} is "{other}", but this build is stamped "{stage}", and a build has one stage: '
        f"take it away, or deploy the build of the stage that is meant ({', '.join(STAGES)})"
        for source, other in named.items()
        if other != stage
    ]
    if faults:
        raise ConfigurationError(*faults)
    return stage


def _stage_of(path: Path) -> str:
    try:
        settings = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{variables.SETTINGS.name}: {path} is not a readable JSON file ({type(error).__name__})"
        ) from error
    stage = settings.get("stage") if isinstance(settings, dict) else None
    return stage if isinstance(stage, str) else ""
