"""The reference's clients when they know two issuers: the stage's own, and one that the harness runs as an attacker.

The attacker stands in their list of stages under the name of another stage, as a development stage would that somebody
took over. Both clients are real: the web client serves its own pages and callbacks, the desktop is a process.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from harness.errors import TargetError, nearest
from harness.faults.launch import parts_of
from harness.model import STAGES
from harness.observations import CallbackDelivery, HttpExchange, SecretSample
from harness.observe import Recorder
from harness.probes.attacker import AttackerIssuer
from harness.probes.http import Answer, HttpProbe
from harness.probes.sampling import sample_of
from harness.targets.reference_child import DesktopChild, desktop_command
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_situations import AS_IT_IS, prepare
from reference_impl.known_stages import KnownStage
from reference_impl.loopback import Listener, tls_adapter
from reference_impl.web.app import create_web_app

__all__ = ["RELYING_PARTIES", "ReferenceRelyingParty", "open_relying_party"]

HONEST, ATTACKER = "honest", "attacker"
MOST_REDIRECTS = 3
SIGN_IN = 'id="sign-in"'
MESSAGE = re.compile(r'role="(?:status|alert)"[^>]*>([^<]+)<')


class ReferenceRelyingParty(ABC):
    """One client with its list of two issuers, and both token endpoints listened to."""

    client_id: str

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        self._target, self._stage, self._recorder = target, stage, recorder
        self._about = {"stage": stage, "client": self.client_id}
        self._ends = ExitStack()
        self._certificate = target.folder / "loopback-cert.pem"
        name = next(each for each in STAGES if each != stage)
        self._attacker = AttackerIssuer(self._certificate, f"auth.{name}.localhost", target.shifted.now)
        self._ends.callback(self._attacker.close)
        self._other = KnownStage(name, self._attacker.url, self._attacker.url)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def identifiers(self) -> Mapping[str, str]:
        return {HONEST: self._target.addresses[self._stage].issuer, ATTACKER: self._attacker.url}

    def begin(self, issuer: str) -> str:
        """Raises TargetError where the client begins none."""
        if issuer not in self.identifiers():
            raise TargetError(f"there is no issuer {issuer!r} ({nearest(issuer, self.identifiers())})")
        url = self._begin(self._other.name if issuer == ATTACKER else "")
        self._recorder.redactor.register_from_request(url, {}, "")
        return url

    def deliver(self, case: str, callback: str) -> CallbackDelivery:
        tap, called = self._target.taps[self._stage], self._attacker.api_calls
        with tap.listening(self._recorder, case, self.client_id), self._attacker.listening(self._recorder, case):
            answer = self._bring(case, callback)
        sent = [o for o in self._recorder.seen if isinstance(o, HttpExchange) and o.case == case]
        taps = [ATTACKER if o.about.get("issuer") == ATTACKER else HONEST for o in sent if o.about["role"] == "tap"]
        return self._recorder.record(
            CallbackDelivery(
                case=case,
                about=self._about,
                redirect_uri=callback.partition("?")[0],
                status=answer.status or None,
                token_requests={issuer: taps.count(issuer) for issuer in (HONEST, ATTACKER)},
                signed_in=(account := self._account()) is not None,
                account=account or "",
                message=_told(page := self._page(answer)),
                offers_login=self._offers_login(page),
                api_calls=self._attacker.api_calls - called,
                nobody_there=self._is_gone(answer),
            )
        )

    def provider_gives(self, mistake: str | None) -> None:
        self._attacker.give_tokens(mistake)

    def sample_states(self, case: str, count: int) -> SecretSample:
        found = [parse_qs(urlsplit(self._begin_again()).query).get("state", [""])[0] for _ in range(count)]
        return self._recorder.record(sample_of(case, "state", found, **self._about))

    def close(self) -> None:
        """End the client and the attacker; safe to call twice."""
        self._ends.close()

    @abstractmethod
    def _start(self) -> None:
        """Start the client with `_other` in its list."""

    @abstractmethod
    def _begin(self, stage: str) -> str:
        """Begin a sign-in at the client's own stage ("") or another one, with nobody signed in."""

    @abstractmethod
    def _bring(self, case: str, callback: str) -> Answer:
        """Go where the browser is led to."""

    @abstractmethod
    def another(self) -> ReferenceRelyingParty: ...

    @abstractmethod
    def _begin_again(self) -> str:
        """Begin one more sign-in at the client's own stage, whoever is signed in."""

    @abstractmethod
    def _account(self) -> str | None:
        """The name of whoever is signed in; None for nobody."""

    def _is_gone(self, answer: Answer) -> bool:
        """Whether nobody listens any more where the answer was brought to."""
        return False

    @abstractmethod
    def _page(self, answer: Answer) -> str:
        """The page that a browser shows in the end."""

    @abstractmethod
    def _offers_login(self, page: str) -> bool: ...


class WebParty(ReferenceRelyingParty):
    """The web client, served once more with two stages in its list.

    It believes in the address that is registered for it. It is reached at another port, because that one is taken by
    the stage's own web client, which knows one stage only.
    """

    client_id = "web"

    def _start(self) -> None:
        config = self._target.reference.stages[self._stage].config
        http = self._target.new_session()
        self._ends.callback(http.close)
        known = replace(config, other_stages=(self._other,))
        app = create_web_app(known, parts_of(self._target.faults, self._stage), self._target.shifted, http=http)
        self._web = config.web_url
        server = Listener(tls_adapter(self._certificate)).serve({config.host(self._web): app})
        self._ends.callback(server.stop)
        self._reached = f"https://{config.host(self._web)}:{server.port}"
        self._browser = self._new_browser()

    def another(self) -> ReferenceRelyingParty:
        """The same server in another browser."""
        other = copy.copy(self)
        other._ends, other._browser = ExitStack(), self._new_browser()
        return other

    def _begin(self, stage: str) -> str:
        self._browser = self._new_browser()
        return self._start_at(f"/start/{stage}" if stage else "/start")

    def _begin_again(self) -> str:
        return self._start_at("/start")

    def _start_at(self, path: str) -> str:
        answer = self._browser.post("begin", f"{self._reached}{path}", {}, headers={"Origin": self._web}, record=False)
        if not answer.location:
            raise TargetError(f"the web client begins no sign-in: HTTP {answer.status} {answer.error}")
        return answer.location

    def _bring(self, case: str, callback: str) -> Answer:
        return self._browser.get(case, callback.replace(self._web, self._reached, 1), role="callback", **self._about)

    def _account(self) -> str | None:
        answer = self._browser.get("session", f"{self._reached}/session", record=False)
        return str(answer.json().get("account", "")) if answer.status == 200 else None

    def _page(self, answer: Answer) -> str:
        for _ in range(MOST_REDIRECTS):
            if not answer.location:
                break
            answer = self._browser.get("page", answer.location.replace(self._web, self._reached, 1), record=False)
        return answer.text

    def _offers_login(self, page: str) -> bool:
        """On the page itself, or where its link leads."""
        if SIGN_IN not in page and 'href="/"' in page:
            page = self._page(self._browser.get("page", f"{self._reached}/", record=False))
        return SIGN_IN in page

    def _new_browser(self) -> HttpProbe:
        hosts = {urlsplit(self._web).hostname or ""}
        return HttpProbe(self._target.new_client(), self._recorder, hosts)


class DesktopParty(ReferenceRelyingParty):
    """The desktop's main process, with two stages in its list. Each sign-in has a loopback port of its own."""

    client_id = "desktop"

    def _start(self) -> None:
        surroundings = self._ends.enter_context(prepare(AS_IT_IS, self._target.machine, self._target.folder))
        app = f"authassay-{secrets.token_hex(4)}"
        arguments, environment = desktop_command(self._target, self._stage, app, surroundings)
        other = {self._other.name: {"issuer": self._other.issuer, "api": self._other.api_url}}
        environment = {**environment, "AUTH_OTHER_STAGES": json.dumps(other)}
        self._child = DesktopChild(arguments, environment, str(surroundings.folder))
        self._ends.callback(self._child.stop)
        self._awaits = urlsplit(str(self._child.ready["window"])).netloc  # before a sign-in there is only the window
        self._browser = self._new_browser()

    def _begin(self, stage: str) -> str:
        if self._account() is not None:
            self._child.ask(do="logout")
        return self._begin_login(stage or self._stage)

    def _begin_again(self) -> str:
        return self._begin_login(self._stage)

    def another(self) -> ReferenceRelyingParty:
        """Another process of the same client."""
        other = DesktopParty(self._target, self._stage, self._recorder)
        self._ends.callback(other.close)
        return other

    def _begin_login(self, stage: str) -> str:
        reply = self._child.ask(do="begin_login", stage=stage, confirm="yes")
        if "authorize_url" not in reply:
            raise TargetError(f"the desktop begins no sign-in: {reply.get('error')}")
        url = str(reply["authorize_url"])
        self._awaits = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).netloc
        return url

    def _bring(self, case: str, callback: str) -> Answer:
        """To the port of this process's sign-in, also where it was meant for another's."""
        asked = urlsplit(callback)
        return self._browser.get(case, asked._replace(netloc=self._awaits).geturl(), role="callback", **self._about)

    def _is_gone(self, answer: Answer) -> bool:
        """Its port lives no longer than its sign-in (RFC 8252 §8.3)."""
        host, _, port = self._awaits.partition(":")
        with socket.socket() as probe:
            return not answer.status and probe.connect_ex((host, int(port))) != 0

    def _account(self) -> str | None:
        told = self._child.ask(do="status")
        return str(told.get("account") or "") if told.get("signed_in") else None

    def _page(self, answer: Answer) -> str:
        """Where the port is given back already, the window tells what became of the sign-in."""
        return self._login_page() if self._is_gone(answer) else answer.text

    def _offers_login(self, page: str) -> bool:
        """In the window of the app, which the page in the browser sends the user back to."""
        return SIGN_IN in self._login_page()

    def _login_page(self) -> str:
        link, window = str(self._child.ask(do="window")["window"]), self._new_browser()
        window.get("window", link, record=False)
        origin = link.partition("/open/")[0]
        return window.get("window", f"{origin}/login", record=False).text

    def _new_browser(self) -> HttpProbe:
        return HttpProbe(self._target.new_client(), self._recorder, {"127.0.0.1"})


def _told(page: str) -> str:
    """What a page tells the user."""
    return next(filter(None, (found.strip() for found in MESSAGE.findall(page))), "")


RELYING_PARTIES: Mapping[str, type[ReferenceRelyingParty]] = {"web": WebParty, "desktop": DesktopParty}


def open_relying_party(target: ReferenceHost, client: str, stage: str, recorder: Recorder) -> ReferenceRelyingParty:
    """The client of this kind. Raises TargetError for an unknown one."""
    if client not in RELYING_PARTIES:
        raise TargetError(f"there is no client {client!r} ({nearest(client, RELYING_PARTIES)})")
    return RELYING_PARTIES[client](target, stage, recorder)
