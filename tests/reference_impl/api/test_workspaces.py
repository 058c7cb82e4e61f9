"""Workspaces: who is a member syncs its notes, and everybody else learns nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

Bench = Any  # conftest's


class Member:
    """A user with a client group of his own for each workspace."""

    def __init__(self, bench: Bench, user: str) -> None:
        self.bench, self.user = bench, user
        self.token = bench.login(user=user)["access_token"]
        self.subject = self.ask("GET", "/me").json["sub"]

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.bench.api.test_client().open(path, method=method, json=body, headers=sent)

    def push(self, workspace: str | None, text: str, identifier: int = 1) -> Any:
        args = {"id": f"{self.user} {workspace} {identifier}", "text": text}
        mutation = {"clientID": f"{self.user} {workspace}", "id": identifier, "name": "createNote", "args": args}
        body = {"clientGroupID": f"{self.user} {workspace}", "mutations": [mutation], "pushVersion": 1}
        return self.ask("POST", "/sync/push", body, **named(workspace))

    def pull(self, workspace: str | None, group: str = "") -> Any:
        body = {"clientGroupID": group or f"{self.user} {workspace}", "cookie": None, "pullVersion": 1}
        return self.ask("POST", "/sync/pull", body, **named(workspace))

    def texts(self, workspace: str | None) -> list[str]:
        patch = self.pull(workspace).json["patch"]
        return [put["value"]["text"] for put in patch if put["op"] == "put"]


def named(workspace: str | None) -> dict[str, str]:
    return {} if workspace is None else {"Workspace": workspace}


def membership(workspace: str, subject: str, active: bool = True) -> dict[str, object]:
    return {"workspace": workspace, "subject": subject, "active": active}


@pytest.fixture
def alice(bench: Bench) -> Member:
    return Member(bench, "alice")


@pytest.fixture
def bob(bench: Bench) -> Member:
    return Member(bench, "bob")


@pytest.fixture
def shared(alice: Member, bob: Member) -> str:
    """A workspace of alice, with bob as its member."""
    created = alice.ask("POST", "/workspaces")
    assert created.status_code == 201
    workspace: str = created.json["id"]
    assert alice.ask("POST", "/workspaces/members", membership(workspace, bob.subject)).status_code == 200
    return workspace


def test_members_see_each_others_notes_there_and_nobody_elses_own(alice: Member, bob: Member, shared: str) -> None:
    alice.push(None, "my own")
    alice.push(shared, "for us", 1)
    assert (bob.texts(shared), bob.texts(None), alice.texts(None)) == (["for us"], [], ["my own"])


def test_a_membership_that_has_ended_is_none(alice: Member, bob: Member, shared: str) -> None:
    assert bob.push(shared, "of bob").status_code == 200
    ended = membership(shared, bob.subject, active=False)
    assert alice.ask("POST", "/workspaces/members", ended).status_code == 200
    assert (bob.push(shared, "late", 2).status_code, bob.pull(shared).status_code) == (404, 404)
    assert alice.texts(shared) == ["of bob"]


def test_a_workspace_of_others_is_told_from_none_by_nothing(bob: Member, alice: Member) -> None:
    foreign = alice.ask("POST", "/workspaces").json["id"]
    for ask in (bob.pull, lambda workspace: bob.push(workspace, "text")):
        answers = [ask(workspace) for workspace in (foreign, "w-nowhere", "")]
        assert [(a.status_code, a.json) for a in answers] == [(404, {"error": "not_found"})] * 3
    for subject in (bob.subject, "anybody"):
        told = [
            bob.ask("POST", "/workspaces/members", membership(foreign, subject, active)) for active in (True, False)
        ]
        assert [answer.status_code for answer in told] == [404, 404]


def test_a_client_group_stays_with_the_notes_that_it_was_used_for(alice: Member, shared: str) -> None:
    alice.push(shared, "for us")
    assert alice.pull(None, group=f"alice {shared}").status_code == 403


def test_all_members_are_told_to_pull(bench: Bench, alice: Member, bob: Member, shared: str) -> None:
    told: list[str] = []
    realtime = bench.api.extensions["realtime"]
    realtime.publish, real = lambda subject, event, data: told.append(subject), realtime.publish
    alice.push(shared, "for us")
    realtime.publish = real
    assert sorted(told) == sorted([alice.subject, bob.subject])


@pytest.mark.parametrize("body", [None, [], {"workspace": "w"}, {"workspace": "", "subject": "s", "active": True}])
def test_what_is_no_membership_is_told(alice: Member, body: object) -> None:
    assert alice.ask("POST", "/workspaces/members", body).status_code == 400


@pytest.mark.parametrize("subject", ["", "s" * 256, "\ud800", 7, None])
def test_who_is_nobody_is_taken_in_by_none(bench: Bench, subject: object) -> None:
    alice = Member(bench, "alice")
    workspace = alice.ask("POST", "/workspaces").json["id"]
    asked = {"workspace": workspace, "subject": subject, "active": True}
    assert alice.ask("POST", "/workspaces/members", asked).status_code == 400


def test_a_push_of_nothing_leaves_no_group(bench: Bench) -> None:
    body = {"clientGroupID": "empty", "mutations": [], "pushVersion": 1}
    assert Member(bench, "alice").ask("POST", "/sync/push", body).status_code == 200
    with bench.database.reading() as connection:
        assert connection.execute("SELECT * FROM sync_groups").fetchall() == []
