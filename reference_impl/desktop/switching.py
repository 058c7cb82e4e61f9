"""Switching a desktop to another stage of its build: the session of the old stage ends first, and then the choice is
kept. A crash in between leaves the old stage, signed out.

There is no other way from one stage to another, so no two stages hold a sign-in at the same time.

Which stages there are was decided when it was built; a name is looked up among these, and a URL is none.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.sessions import Sessions

_log = logging.getLogger("reference_impl.desktop")


class UnknownStage(Exception):
    """A switch to what is no stage of this build; the message names those that are."""


@dataclass(frozen=True)
class SettingsGuard:
    """Looks a name up among the stages of this build, exactly as it is written."""

    stages: Mapping[str, DesktopConfig]

    def choose(self, asked: object) -> DesktopConfig:
        """Return the stage of this name. Raises UnknownStage."""
        if isinstance(asked, str) and asked in self.stages:
            return self.stages[asked]
        near = get_close_matches(asked, self.stages, 1) if isinstance(asked, str) else []
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise UnknownStage(f"this build has no such stage; it has {', '.join(self.stages)}{hint}")


@dataclass(frozen=True)
class StagePreference:
    """The stage that the user chose last, in a file of his own; nothing secret."""

    path: Path

    def load(self) -> str:
        """Return the name that was kept, "" for none; what it is worth is for the guard to say."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        stage = kept.get("stage") if isinstance(kept, dict) else None
        return stage if isinstance(stage, str) else ""

    def save(self, stage: str) -> None:
        """Keep the name, whole or not at all. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"stage": stage}), encoding="utf-8")
        new.replace(self.path)


def preference_of(environ: Mapping[str, str], app: str) -> StagePreference:
    """Return where the choice of this application is kept."""
    return StagePreference(settings_folder(environ, app) / "stage.json")


def settings_folder(environ: Mapping[str, str], app: str) -> Path:
    """Return where this system keeps the settings of its user's programs, for this one."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or os.curdir)
    folder = environ.get("XDG_CONFIG_HOME") or environ.get("APPDATA") or str(home / ".config")
    return Path(folder) / app


class StageSwitch:
    """Switches; ``stages`` are the names that may be chosen."""

    def __init__(self, sessions: Sessions, guard: SettingsGuard, preference: StagePreference) -> None:
        self._sessions = sessions
        self._guard = guard
        self._preference = preference

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages of this build."""
        return tuple(self._guard.stages)

    def check(self, asked: object) -> str:
        """Return the stage's name. Raises UnknownStage."""
        return self._guard.choose(asked).stage

    def resume(self) -> None:
        """Show the stage that was chosen last, where this build still has it, and end what other stages hold."""
        kept = self._preference.load()
        if kept in self._guard.stages:
            self._sessions.show(kept)
        self.end_left()

    def would_end(self, asked: object) -> bool:
        """Tell whether a switch to this stage would end a session, and so must be confirmed. Raises UnknownStage."""
        return self.check(asked) != self._sessions.shown.stage and self._sessions.shown.signed_in

    def switch(self, asked: object) -> str:
        """End the session of the stage that is shown, and show another. Raises UnknownStage, OSError.

        What goes on beside the user is waited for, so that nothing of the old stage is sent after this returns but what
        its issuer is still to be told.
        """
        stage = self.check(asked)
        with self._sessions.turn:
            if stage != self._sessions.shown.stage:
                self.end_old()
                self._preference.save(stage)
                self._sessions.show(stage)
                _log.info("%s", "stage-switched", extra={"fields": {"record": "stage-switched", "stage": stage}})
        return stage

    def end_old(self) -> None:
        """Sign out of the stage that is shown, here at once and at its issuer as soon as it answers."""
        if self._sessions.shown.signed_in:
            self._sessions.shown.logout("stage_switch")

    def end_left(self) -> None:
        """End sign-ins of stages that are not shown: the stage was changed from outside, or by another version."""
        for session in self._sessions.left:
            session.leave()
