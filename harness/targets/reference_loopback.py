"""The loopback port of the reference's desktop client while somebody signs in."""

from __future__ import annotations

import random
import secrets
import socket
import string
from collections import Counter
from contextlib import ExitStack, suppress
from time import monotonic, sleep
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil

from harness.errors import TargetError
from harness.observations import CallbackDelivery, HttpExchange, Volley
from harness.observations.bridge import SocketTable
from harness.observe import Recorder
from harness.ports.loopback import Knock
from harness.probes.http import HttpProbe
from harness.targets.reference_child import DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import AS_IT_IS, prepare

__all__ = ["ReferenceLoopback"]

LOOK = 0.02  # seconds between looks at the sockets
CONNECT = 0.5  # seconds for a connection on this machine
CLIENT = "desktop"
RAW = (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n", b"HELLO THERE HTTP/9.9\r\n\r\n")


class ReferenceLoopback:
    """One desktop process, in surroundings of its own."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "client": CLIENT}
        self._ends = ExitStack()
        self._child: DesktopChild | None = None
        self._callback = ""

    def start(self, case: str) -> SocketTable:
        surroundings = self._ends.enter_context(prepare(AS_IT_IS, self._target.machine, self._target.folder))
        app = f"authassay-{secrets.token_hex(4)}"
        arguments, environment = desktop_command(self._target, self._stage, app, surroundings)
        self._child = DesktopChild(arguments, environment, str(surroundings.folder))
        self._ends.callback(self._child.stop)
        return self._table(case, 0.0)

    def begin(self, case: str) -> str:
        """Raises TargetError where the client begins none."""
        reply = self._running.ask(do="begin_login")
        if "authorize_url" not in reply:
            raise TargetError(f"the desktop begins no sign-in: {reply.get('error')}")
        url = str(reply["authorize_url"])
        self._recorder.redactor.register_from_request(url, {}, "")
        self._callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        self._table(case, 0.0, reach=True)
        return url

    def knock(self, case: str, knock: Knock) -> CallbackDelivery:
        at = urlsplit(self._callback)
        url = at._replace(path=knock.path or at.path, query=urlencode(knock.parameters)).geturl()
        host = {"Host": knock.host} if knock.host else {}
        probe = HttpProbe(self._target.new_client(), self._recorder, {"127.0.0.1"})
        with self._target.taps[self._stage].listening(self._recorder, case, CLIENT):
            answer = probe.send(
                case,
                knock.method,
                url,
                headers={**knock.headers, **host},
                role="callback",
                stage=self._stage,
                client=CLIENT,
            )
        sent = [o for o in self._recorder.seen if isinstance(o, HttpExchange) and o.case == case]
        told = self._running.ask(do="status")
        return self._recorder.record(
            CallbackDelivery(
                case=case,
                about=self._about,
                redirect_uri=self._callback,
                status=answer.status or None,
                token_requests={"honest": sum(o.about.get("role") == "tap" for o in sent)},
                signed_in=bool(told.get("signed_in")),
                account=str(told.get("account") or ""),
                nobody_there=not answer.status and not _accepts("127.0.0.1", at.port or 0),
            )
        )

    def volley(self, case: str, count: int) -> Volley:
        at, chance = urlsplit(self._callback), random.Random(case)
        statuses: Counter[str] = Counter()
        began = monotonic()
        for _ in range(count):
            statuses[str(_shout(at.port or 0, _garbage(chance, at.netloc, at.path)))] += 1
        seconds = round(monotonic() - began, 3)
        return self._recorder.record(Volley(case=case, about=self._about, statuses=statuses, seconds=seconds))

    def cancel(self) -> None:
        self._running.ask(do="cancel_login")

    def sockets(self, case: str, within: float) -> SocketTable:
        began, awaited = monotonic(), self._awaited
        while monotonic() - began < within and awaited in self._listening():
            sleep(LOOK)
        return self._table(case, round(monotonic() - began, 2))

    def close(self) -> None:
        """End the client; safe to call twice."""
        self._ends.close()

    @property
    def _running(self) -> DesktopChild:
        if self._child is None:
            raise TargetError("the desktop client was not started")
        return self._child

    @property
    def _awaited(self) -> str:
        return urlsplit(self._callback).netloc

    def _listening(self) -> tuple[str, ...]:
        found = set[str]()
        for process in (top := psutil.Process(self._running.pid), *top.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found |= {
                    f"{one.laddr.ip}:{one.laddr.port}"
                    for one in process.net_connections("tcp")
                    if one.status == psutil.CONN_LISTEN
                }
        return tuple(sorted(found))

    def _table(self, case: str, seconds: float, reach: bool = False) -> SocketTable:
        tried = _further_addresses() if reach else ()
        port = urlsplit(self._callback).port or 0
        reached = tuple(address for address in tried if _accepts(address, port))
        return self._recorder.record(
            SocketTable(
                case=case, about=self._about, listening=self._listening(), awaited=self._awaited, tried=tried,
                reached=reached, seconds=seconds,
            )
        )  # fmt: skip


def _further_addresses() -> tuple[str, ...]:
    """The machine's IPv4 addresses in its networks."""
    found = {one.address for each in psutil.net_if_addrs().values() for one in each if one.family == socket.AF_INET}
    return tuple(sorted(address for address in found if not address.startswith("127.")))


def _accepts(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(CONNECT)
        return probe.connect_ex((address, port)) == 0


def _garbage(chance: random.Random, host: str, path: str) -> bytes:
    if chance.random() < 0.1:
        return chance.choice(RAW)
    word = "".join(chance.choices(string.ascii_letters + string.digits, k=chance.randint(1, 40)))
    target = chance.choice(
        (f"/{word}", f"{path}?code={word}", f"{path}?state={word}", f"{path}?{word}", f"{path}/{word}")
    )
    method = chance.choice(("GET", "POST", "PUT"))
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def _shout(port: int, request: bytes) -> int:
    """The status of the answer; 0 where there was none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            line = connection.recv(64).split(b" ")
    except OSError:
        return 0
    return int(line[1][:3]) if len(line) > 1 and line[1][:3].isdigit() else 0
