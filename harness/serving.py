"""The reference implementation, served to be clicked through."""

from __future__ import annotations

import threading
from collections.abc import Callable

import click

from harness.machine.leftovers import sweep
from harness.machine.session import PrivateSession
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget

__all__ = ["serve_reference"]


def serve_reference(stage: str | None, say_json: Callable[[object], None] | None) -> None:
    """Start all stages, say where they are and who can log in, and wait for Ctrl-C.

    The passwords are made for this one start; the certificate is the start's own, so a browser warns of it.
    """
    sweep()
    with PrivateSession.start(secret_service=False) as machine:
        target = ReferenceTarget.open(machine, Redactor())
        try:
            _tell(target, stage, say_json)
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            target.close()


def _tell(target: ReferenceTarget, stage: str | None, say_json: Callable[[object], None] | None) -> None:
    stages = sorted(target.addresses, key=lambda name: name != stage)
    rows = {
        name: {
            "web": target.addresses[name].web,
            "issuer": target.addresses[name].issuer,
            "api": target.addresses[name].api,
            "user": target.addresses[name].users["existing"].name,
            "password": target.addresses[name].users["existing"].password,
        }
        for name in stages
    }
    if say_json:
        say_json(rows)
        return
    for name, row in rows.items():
        click.echo(f"{name:8} web {row['web']}  issuer {row['issuer']}  log in as {row['user']} / {row['password']}")
    click.echo(f"the certificate's authority: {target.reference.ca_file}\nCtrl-C stops.")
