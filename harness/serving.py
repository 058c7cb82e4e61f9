"""A target that comes along, served to be clicked through and to be asked by hand."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from harness.machine.leftovers import sweep
from harness.machine.session import PrivateSession
from harness.probes.stage_address import StageAddress
from harness.redact import Redactor
from harness.report.script_bases import API, ISSUER, USUAL, WEB, origin

__all__ = ["explain", "serve"]


def serve(target: str, stage: str | None, say_json: Callable[[object], None] | None) -> None:
    """Start all stages, say where they are and who can log in, and wait for Ctrl-C.

    The passwords are made for this one start; the certificate is the start's own, so a browser warns of it.
    """
    sweep()
    with PrivateSession.start(secret_service=False) as machine, ExitStack() as closing:
        addresses, ca_file = _start(target, machine, closing)
        try:
            _tell(addresses, ca_file, stage, say_json)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


def explain(stage: str | None, say_json: Callable[[object], None] | None) -> None:
    """Start the reference, say where each value of its configuration came from, secrets as marks, and stop it."""
    from harness.targets.reference import ReferenceTarget
    from harness.targets.reference_explanation import explanations

    sweep()
    with PrivateSession.start(secret_service=False) as machine, ExitStack() as closing:
        reference = ReferenceTarget.open(machine, Redactor())
        closing.callback(reference.close)
        told = {name: one for name, one in explanations(reference).items() if stage in (None, name)}
    if say_json:
        say_json({name: one.as_json() for name, one in told.items()})
        return
    for name, one in told.items():
        click.echo(f"{name}\n{one.as_text()}\n")


def _start(target: str, machine: PrivateSession, closing: ExitStack) -> tuple[Mapping[str, StageAddress], Path]:
    """Where its stages are, and the authority of their certificates (PEM)."""
    if target == "reference":
        from harness.targets.reference import ReferenceTarget

        reference = ReferenceTarget.open(machine, Redactor())
        closing.callback(reference.close)
        return reference.addresses, reference.reference.ca_file
    from harness.targets.openauth import OpenAuthTarget

    openauth = OpenAuthTarget.start(target, machine, Redactor())
    closing.callback(openauth.close)
    return openauth.addresses, openauth.ca_file


def _tell(
    addresses: Mapping[str, StageAddress], ca_file: Path, stage: str | None, say_json: Callable[[object], None] | None
) -> None:
    stages = sorted(addresses, key=lambda name: name != stage)
    rows = {name: _row(addresses[name]) for name in stages}
    if say_json:
        say_json({name: {**row, "ca_file": str(ca_file)} for name, row in rows.items()})
        return
    for name, row in rows.items():
        click.echo(f"{name:8} " + "  ".join(f"{what} {value}" for what, value in row.items() if value))
        click.echo(f"         {_exported(addresses[name], ca_file)}")
    click.echo(f"the certificate's authority: {ca_file}\nCtrl-C stops.")


def _exported(address: StageAddress, ca_file: Path) -> str:
    """The line for a shell in which curl scripts of a report are then repeated at this stage."""
    urls = {ISSUER: address.issuer, API: address.protected or address.api, WEB: address.web}
    values = {"CA": str(ca_file)} | {USUAL[part]: origin(url) for part, url in urls.items() if url}
    return " ".join(["export", *(f"{name}={shlex.quote(value)}" for name, value in values.items())])


def _row(address: StageAddress) -> dict[str, str]:
    user = address.users["existing"]
    return {
        "web": address.web,
        "issuer": address.issuer,
        "api": address.api,
        "clients": " ".join(f"{client.client_id}={client.redirect_uri}" for client in address.clients.values()),
        "user": user.name,
        "password": user.password,
    }
