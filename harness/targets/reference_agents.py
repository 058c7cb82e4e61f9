"""Makes the tables of variables in AGENTS.md, from the declarations: `python -m harness.targets.reference_agents`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping

from harness import variables as own
from harness.machine.places import CHECKOUT
from reference_impl.config import STAGES, variables
from reference_impl.config.variables import Variable

RUNBOOK = "[runbook](reference_impl/RUNBOOK.md)"
PARAMETERS = (
    ("signing-key", f"`rotate signing-key`, {RUNBOOK}", "a private JWK: EC, P-256, ES256, with its kid"),
    ("refresh-key", f"`rotate refresh-key`, {RUNBOOK}", "32 bytes or more, base64url: derives refresh tokens"),
    ("subject-key", f"`rotate subject-key`, {RUNBOOK}", "32 bytes or more, base64url: for pseudonyms of subjects"),
    ("users", "a new hash for the user", "JSON list of the stand-in identity provider's users"),
    ("generations", "`rotate` writes it", "made by the first rotation: each secret's values, with beginning and end"),
    ("event-keys", "`rotate` writes it", "made likewise: public halves of signing keys, ended ones for 97 days more"),
)
MADE = ("generations", "event-keys")  # by what the reference does itself
FLAGS = (
    ("--store", "desktop: the full class name of a keyring back end; used only if it is safe"),
    ("--operator", "operate: who does it, for the operations log"),
    ("--user", "operate revoke-sessions: the name to sign in with, or the subject that events name"),
    ("--everybody", "operate revoke-sessions: all sessions of the stage"),
    ("--within", "operate redeliver-events: seconds to wait for it"),
    ("--outputs", "build: the deployment's public outputs, JSON"),
    ("--stage", "build: the stage of the artifact"),
    ("--internal", "build: a further stage that the artifact may know; may be given again"),
    ("--ca", "build: the authority that vouches for the stage's hosts (PEM)"),
    ("--into", "build: the folder of the artifact"),
)
DEFAULTS = {**dict.fromkeys(("--operator", "--outputs", "--stage", "--into"), "must be set"), "--within": "60"}

__all__ = ["agents_md", "with_tables"]

HEAD = "| name | stage | secrecy | default | rotation | |\n|---|---|---|---|---|---|\n"
DOCUMENT = CHECKOUT / "AGENTS.md"


def agents_md() -> str:
    """AGENTS.md with its tables as the declarations have them."""
    return with_tables(DOCUMENT.read_text(encoding="utf-8"), tables())


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """The text with these tables between their marks. Raises ValueError where a mark is missing."""
    for name, table in tables.items():
        mark = re.compile(rf"(<!-- variables: begin {name} -->\n).*?(<!-- variables: end -->)", re.DOTALL)
        text, found = mark.subn(lambda match, table=table: f"{match[1]}{table}{match[2]}", text)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"AGENTS.md has no mark <!-- variables: begin {name} -->, or two")
    return text


def tables() -> dict[str, str]:
    """Each table by the name of its mark. A variable of two programs stands in the first one's."""
    desktop = [each for each in variables.DESKTOP if each not in variables.SERVER]
    known = {*variables.SERVER, *variables.DESKTOP}
    operate = [each for each in variables.OPERATE if each not in known]
    return {
        "harness": _table(_own(each) for each in own.EVERY),
        "server": _table(_row(each) for each in variables.SERVER),
        "desktop": _table(_row(each) for each in desktop),
        "operate": _table(_row(each) for each in operate),
        "parameters": _table(_parameter(*each) for each in PARAMETERS),
        "flags": _table(_flag(*each) for each in FLAGS),
    }


def _table(rows: Iterable[str]) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def _own(variable: own.Variable) -> str:
    example = f", like `{variable.example}`" if variable.example else ""
    told = f"{variable.meaning}{example} ({variable.read_by})"
    return _cells(variable.name, variable.stages, variable.secret, variable.default, variable.rotation, told)


def _row(variable: Variable) -> str:
    stages = "every" if set(variable.stages) == set(STAGES) else ", ".join(variable.stages)
    default = variable.default or ("must be set" if variable.required else "not set")
    example = f", like `{variable.example}`" if variable.example else ""
    choices = f"; {' or '.join(variable.choices)}" if variable.choices else ""
    told = f"{variable.meaning}{choices}{example}"
    return _cells(variable.name, stages, variable.secret, default, variable.rotation, told)


def _parameter(name: str, rotation: str, told: str) -> str:
    default = "absent" if name in MADE else "must be there"
    return _cells(f"/<app>/<stage>/auth/{name}", "every, its own", True, default, rotation, told)


def _flag(name: str, told: str) -> str:
    return _cells(name, "every", False, DEFAULTS.get(name, "not set"), "none", told)


def _cells(name: str, stages: str, secret: bool, default: str, rotation: str, told: str) -> str:
    cells = (f"`{name}`", stages, "**secret**" if secret else "public", default, rotation, told.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(agents_md(), encoding="utf-8")
    sys.stdout.write(f"made: {DOCUMENT.name}\n")
