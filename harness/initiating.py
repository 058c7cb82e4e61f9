"""`authassay init`: asks what only a person knows, finds out the rest, and writes a description that loads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import Mistakes, UsageError, nearest
from harness.model import STAGES
from harness.targets.description_file import VARIABLE, load_description
from harness.targets.description_places import issuer_mistake, redirect_mistake
from harness.targets.proposal import Answers, Found, look, proposal

__all__ = ["Written", "issuer_url", "read_issuers", "see_that_it_may_be_written", "write_description"]

Tell = Callable[[str], None]
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Written:
    """The file that was written, what was found of each stage, and the environment variables to set for it."""

    file: Path
    found: dict[str, Found]
    variables: tuple[str, ...]

    @property
    def next_steps(self) -> tuple[str, ...]:
        exports = (f"export {variable}=…" for variable in self.variables)
        return (*exports, f"authassay doctor --target {self.file}", f"authassay run --target {self.file}")


def read_issuers(given: Sequence[str]) -> dict[str, str]:
    """The issuers by stage, each written `STAGE=URL`, or `URL` for dev. Raises UsageError."""
    found: dict[str, str] = {}
    for each in given:
        is_named = not each.startswith("http") and "=" in each
        stage, _, url = each.partition("=") if is_named else ("dev", "", each)
        if stage not in STAGES:
            raise UsageError(f"--issuer: {each!r} names no stage; write prod=https://… ({nearest(stage, STAGES)})")
        if stage in found:
            raise UsageError(f"--issuer: {stage} is there twice; name each stage once")
        found[stage] = issuer_url(url)
    return {stage: found[stage] for stage in STAGES if stage in found}


def see_that_it_may_be_written(file: Path, force: bool) -> None:
    """Raises UsageError where the file is there already (without `force`), or has no folder to lie in."""
    if file.exists() and not force:
        raise UsageError(f"--out: {file} is there already; write another name, or --force to replace it")
    if not file.parent.is_dir():
        raise UsageError(f"--out: there is no folder {file.parent}; make it first")


def write_description(answers: Answers, file: Path, force: bool, tell: Tell = lambda line: None) -> Written:
    """Look at every stage, and write the description. Raises UsageError where the file is there already (without
    `force`) or an answer is of no use, also where the description would not load."""
    if wrong := redirect_mistake(answers.redirect_uri, answers.client.native):
        raise UsageError(f"--redirect-uri: {answers.redirect_uri!r}: {wrong}")
    if answers.ca_file and not (file.parent / answers.ca_file).is_file():
        raise UsageError(f"--ca-file: there is no file {answers.ca_file!r} in {file.parent.absolute()}; write another")
    answered = VARIABLE.findall(f"{answers.user} {answers.client_id} {answers.scope}")
    variables = tuple(dict.fromkeys(filter(None, (answers.password_variable, answers.secret_variable, *answered))))
    for variable in variables:
        if not _VARIABLE.fullmatch(variable):
            raise UsageError(
                f"{variable!r} is no name of an environment variable; write one such as AUTHASSAY_PASSWORD"
            )
    see_that_it_may_be_written(file, force)
    found = {}
    for stage, issuer in answers.issuers.items():
        tell(f"looking at {stage}: {issuer} …")
        found[stage] = look(answers, stage, file.parent)
        tell(f"  {found[stage].told}")
    text = proposal(answers, found)
    _see_that_it_loads(text, file, variables)
    file.write_text(text, encoding="utf-8")
    return Written(file, found, variables)


def _see_that_it_loads(text: str, file: Path, variables: Sequence[str]) -> None:
    """Raises UsageError. It is read from beside the file, because what it names is looked for there."""
    with TemporaryDirectory(dir=file.parent, prefix=".authassay-") as folder:
        trial = Path(folder) / file.name
        trial.write_text(re.sub(r'^ca_file = "(?!/)', 'ca_file = "../', text, flags=re.MULTILINE), encoding="utf-8")
        try:
            load_description(trial, dict.fromkeys(variables, "stands in for a secret"))
        except Mistakes as wrong:  # of a file that is gone when they are read
            lines = (f"  {each.what}" + (f" ({each.hint})" if each.hint else "") for each in wrong.mistakes)
            head = f"{file} was not written, for a description with these answers does not load:"
            raise UsageError("\n".join([head, *lines])) from None


def issuer_url(text: str) -> str:
    """The text. Raises UsageError where it is no issuer identifier."""
    if wrong := issuer_mistake(text):
        raise UsageError(f"--issuer: {text!r}: {wrong}")
    return text
