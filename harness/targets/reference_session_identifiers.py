"""How the reference's web client names its sessions, seen in a real browser."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from urllib.parse import urlsplit

from playwright._impl._api_structures import SetCookieParam

from harness.errors import TargetError, nearest
from harness.observations import IdentifierTrial, SecretSample
from harness.observe import Recorder
from harness.probes.sampling import sample_of
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_web import ReferenceWeb
from reference_impl.web.app import SESSIONS
from reference_impl.web.cookies import CookiePolicy

__all__ = ["ReferenceSessionIdentifiers"]

SESSION = CookiePolicy.session_name


class ReferenceSessionIdentifiers:
    """One user agent."""

    def __init__(self, target: ReferenceHost, stage: str, browser: str, recorder: Recorder) -> None:
        """Raises NotHere where there is no such browser."""
        self._target, self._recorder, self._stage = target, recorder, stage
        self._address = target.addresses[stage]
        self._ends = ExitStack()
        self._web = ReferenceWeb(target, stage, browser, recorder)
        self._ends.callback(self._web.close)
        self._planted: tuple[str, ...] = ()

    def plant(self, what: str) -> None:
        makers = {"the attacker's own": self._of_the_attacker, "made up": self._made_up}
        if what not in makers:
            raise TargetError(f"nobody knows how to plant {what!r} ({nearest(what, makers)})")
        cookies = makers[what]()
        self._planted = tuple(str(cookie["value"]) for cookie in cookies)
        self._web.agent.context.add_cookies(cookies)

    def log_in(self, case: str) -> IdentifierTrial:
        """The sign-in begins at the client's own form, wherever its login page would lead somebody signed in."""
        agent, planted = self._web.agent, self._planted
        earlier = tuple(value for value in self._sessions() if value not in planted)
        agent.open(f"{self._address.web}/login")
        if urlsplit(agent.page.url).path == "/login":
            agent.press("#sign-in")
        else:
            self._begin_again()
        agent.fill_login(self._address.users["existing"])
        self._planted = ()
        after = self._sessions()
        return self._recorder.record(
            IdentifierTrial(
                case=case,
                about={"stage": self._stage},
                planted=self._marks(planted),
                earlier=self._marks(earlier),
                after=self._marks(after),
                accepted=self._marks(tuple(v for v in (*planted, *earlier) if self._is_session(v))),
                signed_in=bool(after) and all(self._is_session(value) for value in after),
            )
        )

    def sample(self, case: str, count: int) -> SecretSample:
        """Of the part of the running client that makes them, for a sign-in each would take a minute."""
        running = self._target.reference.stages[self._stage].app
        sessions = running.apps[str(urlsplit(self._address.web).hostname)].extensions[SESSIONS]
        found = [sessions.mint(self._address.users["existing"].name) for _ in range(count)]
        return self._recorder.record(sample_of(case, "session identifier", found, stage=self._stage))

    def close(self) -> None:
        """End the user agent."""
        self._ends.close()

    def _of_the_attacker(self) -> list[SetCookieParam]:
        """All cookies that the client sets while he begins a sign-in, and their values as session identifiers."""
        with self._target.new_session() as browser:
            headers = {"Origin": self._address.web}
            browser.get(f"{self._address.web}/login")
            browser.post(f"{self._address.web}/start", headers=headers, allow_redirects=False)
            got = {cookie.name: str(cookie.value) for cookie in browser.cookies}
        if not got:
            raise TargetError("the client set no cookie when a sign-in began")
        return [self._cookie(SESSION, next(iter(got.values()))), *(self._cookie(n, v) for n, v in got.items())]

    def _made_up(self) -> list[SetCookieParam]:
        return [self._cookie(SESSION, secrets.token_urlsafe(32))]

    def _cookie(self, name: str, value: str) -> SetCookieParam:
        return {"name": name, "value": value, "url": self._address.web, "secure": True, "httpOnly": True}

    def _begin_again(self) -> None:
        """By a form as it stands on the login page."""
        with self._web.agent.page.expect_navigation(wait_until="load"):
            self._web.agent.page.evaluate(
                "() => { const form = document.createElement('form'); form.method = 'post'; form.action = '/start';"
                " document.body.append(form); form.submit(); }"
            )

    def _sessions(self) -> tuple[str, ...]:
        cookies = self._web.agent.context.cookies(self._address.web)
        return tuple(cookie["value"] for cookie in cookies if cookie["name"] == SESSION and cookie["value"])

    def _is_session(self, value: str) -> bool:
        with self._target.new_session() as browser:
            answer = browser.get(f"{self._address.web}/session", headers={"Cookie": f"{SESSION}={value}"})
            return answer.status_code == 200

    def _marks(self, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._recorder.redactor.register(value, "session_cookie") for value in dict.fromkeys(values))
