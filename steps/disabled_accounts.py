"""Phrases about a user whose account is disabled while he has sessions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from pytest_bdd import given, when

from harness.ports import Admin, Issuer
from harness.probes.authorization import Grant
from harness.scene import Scene
from steps.effects import use_until_refused
from steps.logout import realtime
from steps.presenting import Presenter, ways_of
from steps.token import issuer

USER = "new36"
WITNESS = "written while the account was disabled"
AFTERWARDS = "written when the account was enabled again"
AT_ONCE = 10.0  # seconds until what is open is closed, where effects are immediate


@dataclass
class Holder:
    """The user with his sessions, one at each client, by the client's id."""

    at: Issuer
    sessions: dict[str, Presenter] = field(repr=False)
    began: float = 0.0  # when the account was disabled, by the monotonic clock


def administrator(scene: Scene) -> Admin:
    return scene.port("admin", lambda recorder: scene.target.admin())


@given("a user with a session at each client, and an open realtime connection of each", target_fixture="holder")
def user_with_sessions(scene: Scene) -> Holder:
    """Raises NotOffered where nobody can disable an account."""
    at = issuer(scene)
    administrator(scene).enable_account(scene.stage, USER)
    holder = Holder(at, {})
    for client in at.address.clients.values():
        grant = at.log_in(f"a session of {client.client_id}", client, at.address.users[USER])
        session = Presenter(at, grant, ways_of(at), at.new_agent())
        session.present("access before", grant.access_token, client=client.client_id)
        holder.sessions[client.client_id] = session
        with scene.where_offered():
            realtime(scene).subscribe("a connection", client.client_id, grant.access_token)
    return holder


@when("the account is disabled, and its tokens are used until they are refused")
def disable(scene: Scene, holder: Holder) -> None:
    with disabled(scene, holder):
        for client, session in holder.sessions.items():
            about = {"client": client}
            grant = session.grant
            if grant.refresh_token:
                holder.at.refresh("a refresh while disabled", grant.refresh_token, grant.client, about=about)
            use_until_refused(scene, "the first access while disabled", grant.access_token, holder.began, about)
            after = f"{time.monotonic() - holder.began:.3f}"
            session.present("access while disabled", grant.access_token, client=client, after=after)
            with scene.where_offered():
                patience = scene.parameter("revoke_bound") if scene.target.patience is None else scene.target.patience
                realtime(scene).watch("the connection while disabled", client, holder.began, min(patience, AT_ONCE))
            with scene.where_offered():
                push(holder.at, session, grant)


@contextmanager
def disabled(scene: Scene, holder: Holder) -> Iterator[None]:
    """While it lasts, the account is disabled."""
    with ExitStack() as ends:
        administrator(scene).disable_account(scene.stage, USER)
        ends.callback(administrator(scene).enable_account, scene.stage, USER)
        holder.began = time.monotonic()
        yield


def push(at: Issuer, session: Presenter, grant: Grant) -> None:
    """Send what the user's client had still to write. Raises NotOffered where the API takes nothing."""
    route = at.address.push
    if route is None:
        raise at.address.not_offered("sync", "no request by which its API stores something is described")
    headers = {"Authorization": f"Bearer {grant.access_token}"}
    body = route.body.replace("{witness}", WITNESS)
    url, client = f"{at.address.api}{route.path}", grant.client.client_id
    session.agent.send("a push", route.method, url, json=body, headers=headers, role="api", client=client)


@when("the account is enabled again, and what is stored for its user is read")
def read_again(scene: Scene, holder: Holder) -> None:
    with scene.where_offered():
        at = holder.at
        if at.address.push is None:
            raise at.address.not_offered("sync", "no request by which its API stores something is described")
        client = next(iter(at.address.clients.values()))
        grant = at.log_in("a new session", client, at.address.users[USER])
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        url, body = f"{at.address.api}{at.address.push.path}", at.address.push.body.replace("{witness}", AFTERWARDS)
        at.new_agent().send("a push when enabled", at.address.push.method, url, json=body, headers=headers, role="api")
        at.new_agent().get("what is stored", f"{at.address.api}{at.address.pull}", headers=headers, role="api")
