"""Options that several commands have, and what these ask for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness.faults.share import Share, parse_share
from harness.jobs import OUT
from harness.machine.provision import Need, provision
from harness.matrix import parse_selection
from harness.run import Question
from harness.targets.base import Leave
from harness.targets.opening import TARGETS

__all__ = [
    "CATALOG",
    "FEATURES",
    "POLICY",
    "SOME_CONTROLS",
    "Path_",
    "asks",
    "bring",
    "no_install",
    "question",
    "seals",
    "share",
    "side_by_side",
    "spares",
]

POLICY_HELP = "What must hold (TOML); by default reports/policies/default.toml, or foreign.toml for a foreign target."
TARGET_HELP = f"{', '.join(TARGETS)}, or the TOML file of a description."
Path_ = click.Path(path_type=Path)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
FEATURES = click.option("--features", type=Path_, help="Feature files to use instead of this checkout's.")
CATALOG = click.option("--catalog", type=Path_, help="A catalog to use instead of the one that comes along.")
POLICY = click.option("--policy", type=Path_, help=POLICY_HELP)


def _patterns(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns, one by one or with commas between them; a comma alone stays, to be told as a mistake."""
    return tuple(
        part for value in given for part in ([each.strip() for each in value.split(",") if each.strip()] or [value])
    )


def _controls(text: str) -> Decorator:
    return click.option("--controls", multiple=True, metavar="PATTERN,…", callback=_patterns, help=text)


SOME_CONTROLS = _controls("Decide over these controls only.")


def question(
    target: str,
    controls: tuple[str, ...],
    cell: str,
    depth: str,
    features: Path | None,
    catalog: Path | None,
    read_only: bool = False,
    allow_destructive: bool = False,
) -> Question:
    """What the options ask for."""
    given = {"features": features} if features else {}
    leave = Leave(read_only, allow_destructive)
    return Question(target, controls, parse_selection(cell), depth, catalog=catalog, leave=leave, **given)


def together(*options: Decorator) -> Decorator:
    """Several options as one, shown in this order."""
    return lambda function: functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def asks(depth: str) -> Decorator:
    """The options that say what is asked; `depth` is how deep where that is not said."""
    return together(
        click.option("--target", default="reference", show_default=True, metavar="NAME|FILE", help=TARGET_HELP),
        _controls("Only these controls, such as 'STORE-*' or TOKEN-01,TOKEN-02."),
        click.option("--cell", default="", metavar="AXIS=VALUE,…", help="Only these cells: os, stage, browser, store."),
        click.option("--depth", type=click.Choice(["pr", "full"]), default=depth, show_default=True),
        FEATURES,
        CATALOG,
    )


spares = together(
    click.option("--read-only", is_flag=True, help="Send nothing but GET and HEAD to a described target."),
    click.option("--allow-destructive", is_flag=True, help="Disturb stages marked prod where a scenario must."),
)
"""What may be done to a target that is not one's own."""

seals = together(
    POLICY,
    click.option("--out", type=Path_, default=OUT, help="Where the run's folder is made."),
    click.option("--key", type=Path_, help="Ed25519 private key (PEM) that signs; else a fresh one."),
)
"""By what is decided, and where and by whose key the evidence is sealed."""

side_by_side = click.option(
    "-n", "side_by_side", type=click.IntRange(min=0), default=0, help="Faults tried at once; 0: one per processor."
)


def _share(context: click.Context, option: click.Parameter, given: str) -> Share:
    return parse_share(given)


share = click.option(
    "--share", default="1/1", metavar="K/N", callback=_share, help="Try share K of N of the faults only, such as 2/4."
)

no_install = click.option("--no-install", is_flag=True, help="Install nothing on this machine.")


def bring(needs: tuple[Need, ...], no_install: bool, console: Console) -> None:
    """Install what is needed and not here, as far as that is allowed, and tell of what was not here."""
    for thing in provision(not no_install, lambda line: console.print(line, highlight=False), needs):
        if thing.state != "here":
            console.print(str(thing), highlight=False, soft_wrap=True)
