"""Systems of others, each in three stages on loopback, verified by its description alone: `systems.py [NAME…]`.

`nox -s targets` calls this. What is expected of each system stands in its `target.toml`; the gate holds the run to it.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme

from harness.errors import nearest
from harness.machine.node import find_node
from harness.machine.npm import LockedPackages
from harness.machine.places import CHECKOUT, TOOLS
from harness.machine.provision import Need, provision
from harness.machine.session import PrivateSession
from harness.model import STAGES
from harness.probes.clients import new_client

HERE = Path(__file__).resolve().parent
STARTED_SECONDS = 60.0
IN_CLEAR = "dev"  # the stage that is served without TLS, as on developers' machines
NO_PROXY = "192.0.2.1"  # none stands before the site: by default gunicorn takes whoever comes from loopback for one
OIDC_PROVIDER = LockedPackages(
    "oidc-provider",
    HERE / "oidc_provider" / "server",
    TOOLS / "oidc-provider",
    "oidc-provider",
    "python3 noxfile.py -s targets",
)
DJANGO = TOOLS / "django-oauth-toolkit" / ("Scripts" if os.name == "nt" else "bin") / "python"


@dataclass(frozen=True)
class Place:
    """Where one stage is to be served, and what its server is told besides."""

    stage: str
    port: int
    folder: Path
    environment: Mapping[str, str]

    @property
    def origin(self) -> str:
        return f"http{'' if self.stage == IN_CLEAR else 's'}://auth.{self.stage}.localhost:{self.port}"


Serve = Callable[[Place], "subprocess.Popen[bytes]"]


def main(names: Sequence[str]) -> int:
    """Verify each system that is named, or all; 0 where every one of them is what its description expects. What is not
    named is not installed."""
    chosen = names or [*SYSTEMS]
    for name in chosen:
        if name not in SYSTEMS:
            sys.exit(f"{name!r} is no system here ({nearest(name, SYSTEMS)})")
    for thing in provision(True, print, tuple(need for name in chosen for need in SYSTEMS[name].needs)):
        if thing.state == "absent":
            sys.exit(str(thing))
    codes: dict[str, int] = {}
    told: list[str] = []
    for name in chosen:
        began = time.monotonic()
        codes[name] = _verify(name, SYSTEMS[name].serve)
        outcome = "as described" if codes[name] == 0 else f"not as described (exit code {codes[name]})"
        told.append(f"{name}: {outcome}, {time.monotonic() - began:.0f} s")
    print("\n".join(told), flush=True)
    return max(codes.values())


def _verify(name: str, serve: Serve) -> int:
    description = HERE / name.replace("-", "_") / "target.toml"
    with PrivateSession.start(secret_service=False) as machine:
        shared = {"PASSWORD": secrets.token_urlsafe(16), "CLIENT_SECRET": secrets.token_urlsafe(32)}
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        authority.cert_pem.write_to_path(machine.folder / "ca.pem")
        places = [_place(stage, machine, authority, shared) for stage in STAGES]
        for place, process in [(place, serve(place)) for place in places]:
            _wait_for(place, process, machine.folder / "ca.pem")
        told = {"CA_FILE": str(machine.folder / "ca.pem"), **shared}
        told |= {f"{place.stage.upper()}_ORIGIN": place.origin for place in places}
        doctor = _authassay("doctor", "--target", str(description), environment=told)
        if doctor:
            return doctor
        # its production was started for this run, and may be disturbed
        options = ("--depth", "pr", "--allow-destructive")
        return _authassay("run", "--target", str(description), *options, environment=told)


def _place(stage: str, machine: PrivateSession, authority: trustme.CA, shared: Mapping[str, str]) -> Place:
    folder = machine.folder / stage
    folder.mkdir()
    leaf = authority.issue_cert(f"auth.{stage}.localhost", key_type=trustme.KeyType.ECDSA)
    leaf.private_key_pem.write_to_path(folder / "tls-key.pem")
    for certificate in leaf.cert_chain_pems:
        certificate.write_to_path(folder / "tls-cert.pem", append=True)
    return Place(stage, _free_port(), folder, {**machine.environment, **shared})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(place: Place, process: subprocess.Popen[bytes], ca_file: Path) -> None:
    """Wait until it answers. Ends the process with its log where it does not."""
    client, end = new_client(ca_file=ca_file), time.monotonic() + STARTED_SECONDS
    while not client.exchange("GET", place.origin, {}).status:
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{place.stage} did not start:\n{(place.folder / 'log').read_text()[-2000:]}")
        time.sleep(0.1)


def _authassay(*arguments: str, environment: Mapping[str, str]) -> int:
    print(f"$ authassay {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env={**os.environ, **environment}).returncode


def _start(place: Place, command: Sequence[str | Path], **told: str) -> subprocess.Popen[bytes]:
    with (place.folder / "log").open("wb") as log:
        environment = {**place.environment, **told}
        return subprocess.Popen(
            [str(part) for part in command], cwd=place.folder, env=environment, stdout=log, stderr=log
        )


def _oidc_provider(place: Place) -> subprocess.Popen[bytes]:
    script = OIDC_PROVIDER.find().parents[1] / "server.mjs"
    tls = {} if place.stage == IN_CLEAR else {"TLS_KEY": "tls-key.pem", "TLS_CERT": "tls-cert.pem"}
    return _start(place, [find_node(), script], PORT=str(place.port), ISSUER=place.origin, **tls)


def _django_oauth_toolkit(place: Place) -> subprocess.Popen[bytes]:
    site = HERE / "django_oauth_toolkit" / "server"
    told = {
        "STAGE": place.stage,
        "ISSUER": f"{place.origin}/o",
        "FOLDER": str(place.folder),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    tls = () if place.stage == IN_CLEAR else ("--keyfile", "tls-key.pem", "--certfile", "tls-cert.pem")
    serve = (
        "-m",
        "gunicorn",
        "--threads",
        "8",
        "--no-control-socket",
        "--forwarded-allow-ips",
        NO_PROXY,
        "--bind",
        f"127.0.0.1:{place.port}",
        *tls,
        "wsgi",
    )
    set_up = _start(place, [DJANGO, site / "set_up_site.py"], **told)
    if set_up.wait():
        sys.exit(f"{place.stage} was not set up:\n{(place.folder / 'log').read_text()[-2000:]}")
    return _start(place, [DJANGO, *serve], **told)


@dataclass(frozen=True)
class System:
    """How one stage of it is served, and what that needs of this machine; Python packages are noxfile.py's business."""

    serve: Serve
    needs: tuple[Need, ...] = ()


SYSTEMS: Mapping[str, System] = {
    "oidc-provider": System(_oidc_provider, (Need("oidc-provider", OIDC_PROVIDER.find, OIDC_PROVIDER.install),)),
    "django-oauth-toolkit": System(_django_oauth_toolkit),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
