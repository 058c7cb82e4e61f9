"""Push and pull, as a Replicache client and as others send them."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

Bench = Any  # conftest's
GROUP, CLIENT = "group-1", "client-1"


def mutation(identifier: int, name: str = "createNote", client: str = CLIENT, **arguments: object) -> dict[str, object]:
    args = arguments or {"id": f"{client}-n{identifier}", "text": f"note {identifier}"}
    return {"clientID": client, "id": identifier, "name": name, "args": args, "timestamp": 1.5}


class Replica:
    """A client group of one user: sends what it is told to."""

    def __init__(self, bench: Bench, user: str = "alice", group: str = GROUP) -> None:
        self.bench, self.group = bench, group
        self.token = bench.login(user=user)["access_token"]

    def post(self, path: str, body: object, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.bench.api.test_client().post(path, json=body, headers=sent)

    def push(self, *mutations: object, **changes: object) -> Any:
        body = {"profileID": "p", "clientGroupID": self.group, "mutations": list(mutations), "pushVersion": 1}
        return self.post("/sync/push", {**body, "schemaVersion": "", **changes})

    def pull(self, cookie: object = None, **changes: object) -> Any:
        body = {"profileID": "p", "clientGroupID": self.group, "cookie": cookie, "pullVersion": 1, "schemaVersion": ""}
        return self.post("/sync/pull", {**body, **changes})


@pytest.fixture
def replica(bench: Bench) -> Replica:
    return Replica(bench)


def notes_of(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {put["value"]["id"]: put["value"]["text"] for put in answer.json["patch"] if put["op"] == "put"}


def test_a_first_pull_clears_and_brings_everything_with_the_mutations_that_are_in_it(replica: Replica) -> None:
    assert replica.push(mutation(1), mutation(2)).json == {}
    answer = replica.pull()
    assert answer.json["patch"][0] == {"op": "clear"}
    assert notes_of(answer) == {"client-1-n1": "note 1", "client-1-n2": "note 2"}
    assert answer.json["lastMutationIDChanges"] == {CLIENT: 2}
    assert answer.json["patch"][1]["key"] == "note/client-1-n1"


def test_a_pull_with_the_newest_cookie_brings_nothing(replica: Replica) -> None:
    replica.push(mutation(1))
    first = replica.pull().json
    assert replica.pull(first["cookie"]).json == {"cookie": first["cookie"], "lastMutationIDChanges": {}, "patch": []}


def test_only_clients_whose_mutations_came_since_the_cookie_are_told(replica: Replica) -> None:
    replica.push(mutation(1))
    cookie = replica.pull().json["cookie"]
    replica.push(mutation(1, client="client-2"))
    assert replica.pull(cookie).json["lastMutationIDChanges"] == {"client-2": 1}


def test_a_note_that_was_written_by_the_other_route_is_pulled_too(replica: Replica) -> None:
    cookie = replica.pull().json["cookie"]
    replica.post("/notes", {"text": "by hand"})
    assert list(notes_of(replica.pull(cookie)).values()) == ["by hand"]


def test_a_push_that_is_sent_again_has_no_second_effect(replica: Replica) -> None:
    pushed = [mutation(1), mutation(2, "updateNote", id="client-1-n1", text="changed")]
    for _ in range(3):
        assert replica.push(*pushed).status_code == 200
    assert replica.push(mutation(1, id="another", text="under an old id")).status_code == 200
    answer = replica.pull()
    assert (notes_of(answer), answer.json["lastMutationIDChanges"]) == ({"client-1-n1": "changed"}, {CLIENT: 2})


def test_a_mutation_that_comes_too_early_waits_for_those_before_it(replica: Replica) -> None:
    assert replica.push(mutation(1), mutation(3)).status_code == 409
    assert replica.pull().json["lastMutationIDChanges"] == {CLIENT: 1}
    assert replica.push(mutation(2), mutation(3)).status_code == 200
    assert replica.pull().json["lastMutationIDChanges"] == {CLIENT: 3}


def test_a_client_whose_state_is_lost_here_is_told_so(replica: Replica) -> None:
    assert replica.push(mutation(5)).json == {"error": "ClientStateNotFound"}
    assert replica.pull(cookie=99).json == {"error": "ClientStateNotFound"}


@pytest.mark.parametrize(
    "rejected",
    [
        mutation(1, "noSuchMutator"),
        mutation(1, id="", text="no id"),
        mutation(1, id="n", text="x" * 2001),
        mutation(1, "updateNote", id="not there", text="x"),
        {**mutation(1), "args": None},
        {**mutation(1), "args": ["n", "text"]},
    ],
)
def test_a_mutation_that_can_never_be_applied_counts_as_done_and_the_next_one_goes_on(
    replica: Replica, rejected: object
) -> None:
    assert replica.push(rejected, mutation(2)).status_code == 200
    answer = replica.pull()
    assert (list(notes_of(answer)), answer.json["lastMutationIDChanges"]) == (["client-1-n2"], {CLIENT: 2})


class TestAnotherUser:
    @pytest.fixture
    def bob(self, bench: Bench) -> Replica:
        return Replica(bench, "bob")

    def test_neither_pushes_to_nor_pulls_from_a_group_that_is_not_his(self, replica: Replica, bob: Replica) -> None:
        replica.push(mutation(1))
        for answer in (bob.push(mutation(2)), bob.push(), bob.pull(), bob.pull(1)):
            assert (answer.status_code, answer.json) == (403, {"error": "forbidden"})
        assert replica.pull().json["lastMutationIDChanges"] == {CLIENT: 1}

    def test_cannot_use_a_client_of_another_group_and_what_is_beside_it_is_not_applied(
        self, replica: Replica, bob: Replica
    ) -> None:
        replica.push(mutation(1))
        bob.group = "group-of-bob"
        assert bob.push(mutation(1, client="client-of-bob"), mutation(2)).status_code == 403
        assert notes_of(bob.pull()) == {}
        assert replica.pull().json["lastMutationIDChanges"] == {CLIENT: 1}

    def test_neither_reads_nor_changes_the_notes_of_others(self, replica: Replica, bob: Replica) -> None:
        replica.push(mutation(1))
        bob.group = "group-of-bob"
        bob.push(
            mutation(1, "updateNote", "client-of-bob", id="client-1-n1", text="taken"),
            mutation(2, "deleteNote", "client-of-bob", id="client-1-n1"),
            mutation(3, "createNote", "client-of-bob", id="client-1-n1", text="taken"),
            mutation(4, "appendToNote", "client-of-bob", id="client-1-n1", text="taken"),
        )
        assert notes_of(bob.pull()) == {}
        assert notes_of(replica.pull()) == {"client-1-n1": "note 1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"mutations": None},
        {"mutations": ["x"]},
        {"mutations": [{**mutation(1), "id": 0}]},
        {"mutations": [{**mutation(1), "id": True}]},
        {"mutations": [{**mutation(1), "id": 1.5}]},
        {"mutations": [{**mutation(1), "id": 2**53}]},
        {"mutations": [{**mutation(1), "clientID": ""}]},
        {"mutations": [{**mutation(1), "clientID": "a\nb"}]},
        {"mutations": [{**mutation(1), "name": 7}]},
        {"clientGroupID": None},
        {"clientGroupID": "x" * 129},
        {"pushVersion": "1"},
    ],
)
def test_what_is_no_push_is_told_and_changes_nothing(replica: Replica, changes: dict[str, object]) -> None:
    answer = replica.push(**changes)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("changes", [{"cookie": "1"}, {"cookie": -1}, {"cookie": 1.5}, {"pullVersion": None}])
def test_what_is_no_pull_is_told(replica: Replica, changes: dict[str, object]) -> None:
    assert replica.pull(**changes).status_code == 400


def test_another_version_of_the_protocol_is_told_in_the_clients_own_words(replica: Replica) -> None:
    assert replica.push(pushVersion=2).json == {"error": "VersionNotSupported", "versionType": "push"}
    assert replica.pull(pullVersion=0).json == {"error": "VersionNotSupported", "versionType": "pull"}


@pytest.mark.parametrize("path", ["/sync/push", "/sync/pull"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}, {"Authorization": "Bearer garbage"}],
)
def test_who_is_not_let_in_is_answered_401_whatever_he_sends(bench: Bench, path: str, headers: dict[str, str]) -> None:
    for body in ({}, {"clientGroupID": GROUP, "mutations": [mutation(1)], "pushVersion": 1}, ["no object"]):
        answer = bench.api.test_client().post(path, json=body, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "DPoP"))
    with bench.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM sync_groups").fetchone()[0] == 0


def test_a_token_in_the_body_or_the_query_does_not_count(bench: Bench, replica: Replica) -> None:
    client = bench.api.test_client()
    body = {"clientGroupID": GROUP, "cookie": None, "pullVersion": 1, "access_token": replica.token}
    assert client.post(f"/sync/pull?access_token={replica.token}", json=body).status_code == 401


def test_a_database_that_fails_is_answered_503_and_the_push_can_be_sent_again(
    bench: Bench, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr("reference_impl.api.sync.clients.Clients.acknowledge", fail)
        assert replica.push(mutation(1)).status_code == 503
    assert notes_of(replica.pull()) == {}
    assert replica.push(mutation(1)).status_code == 200
    assert notes_of(replica.pull()) == {"client-1-n1": "note 1"}


def test_other_connections_of_the_user_are_told_to_pull(bench: Bench, replica: Replica) -> None:
    told: list[str] = []
    realtime = bench.api.extensions["realtime"]
    realtime.publish, real = lambda subject, event, data: told.append(event), realtime.publish
    replica.push(mutation(1))
    replica.push(mutation(1))
    realtime.publish = real
    assert told == ["poke"]


def test_half_a_character_is_rejected_and_the_client_goes_on(replica: Replica) -> None:
    assert replica.push(mutation(1, id="n1", text="cut \ud83d"), mutation(2)).status_code == 200
    answer = replica.pull()
    assert notes_of(answer) == {"client-1-n2": "note 2"}
    assert answer.json["lastMutationIDChanges"] == {CLIENT: 2}


@pytest.mark.parametrize("path", ["/sync/push", "/sync/pull", "/notes"])
def test_what_is_nested_too_deep_is_a_bad_request(replica: Replica, path: str) -> None:
    headers = {"Authorization": f"Bearer {replica.token}", "Content-Type": "application/json"}
    answer = replica.bench.api.test_client().post(path, data="[" * 200_000, headers=headers)
    assert answer.status_code == 400
