"""Push and pull requests, read from JSON that anybody may have sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

MOST_MUTATIONS = 1000  # in a push; a client sends what it has queued, and what is left with its next one
LONGEST_ID = 128  # characters
LARGEST_NUMBER = 2**53 - 1  # what a JavaScript client can count to


class Malformed(Exception):
    """The request is no push or pull; the text names the member that is wrong."""


class VersionNotSupported(Exception):
    """The request is of another version of the protocol."""


@dataclass(frozen=True)
class Mutation:
    """A call of a mutator. ``identifier`` counts the client's mutations from 1; ``arguments`` is whatever was sent."""

    client_id: str
    identifier: int
    name: str
    arguments: object = field(repr=False)


@dataclass(frozen=True)
class PushRequest:
    """A client group's mutations, oldest first."""

    client_group_id: str
    mutations: tuple[Mutation, ...]


@dataclass(frozen=True)
class PullRequest:
    """``cookie``: the version that the client group has; None before its first pull."""

    client_group_id: str
    cookie: int | None


def read_push(body: object) -> PushRequest:
    """Read a push. Raises Malformed, VersionNotSupported."""
    push = _object(body, "the body")
    _require_version(push, "pushVersion")
    mutations = push.get("mutations")
    if not isinstance(mutations, list) or len(mutations) > MOST_MUTATIONS:
        raise Malformed(f"mutations is a list of at most {MOST_MUTATIONS}")
    return PushRequest(_text(push, "clientGroupID"), tuple(_mutation(each) for each in mutations))


def read_pull(body: object) -> PullRequest:
    """Read a pull. Raises Malformed, VersionNotSupported."""
    pull = _object(body, "the body")
    _require_version(pull, "pullVersion")
    cookie = pull.get("cookie")
    if cookie is not None and not _is_count(cookie, least=0):
        raise Malformed("cookie is null or what a pull answered")
    return PullRequest(_text(pull, "clientGroupID"), cookie)


def _mutation(given: object) -> Mutation:
    mutation = _object(given, "a mutation")
    identifier = mutation.get("id")
    if not _is_count(identifier, least=1):
        raise Malformed("the id of a mutation is a whole number from 1")
    return Mutation(_text(mutation, "clientID"), identifier, _text(mutation, "name"), mutation.get("args"))


def _require_version(message: Mapping[str, object], member: str) -> None:
    version = message.get(member)
    if not _is_count(version, least=0):
        raise Malformed(f"{member} is a whole number")
    if version != 1:
        raise VersionNotSupported(member)


def _object(given: object, what: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise Malformed(f"{what} is a JSON object")
    return given


def _text(message: Mapping[str, object], member: str) -> str:
    value = message.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        raise Malformed(f"{member} is a text of 1 to {LONGEST_ID} characters")
    return value


def _is_count(value: object, least: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST_NUMBER
