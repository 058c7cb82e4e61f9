"""The schema: published, generated, closed; and what produces and consumes by it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reference_impl.events import AuthEvent, EventType, InvalidEvent, Reason, violations
from reference_impl.events.fields import LONGEST, OUTCOMES, REASONS, VERSIONS, cut, fields_of
from reference_impl.events.json_schema import schema_of, schema_text
from reference_impl.events.validation import require_valid

PUBLISHED = Path(__file__).parents[3] / "reports" / "schemas"


def event(type_: EventType = EventType.LOGIN, reason: Reason | None = None, client_id: str = "web") -> AuthEvent:
    chosen = reason or sorted(REASONS[type_])[0]
    of_session: dict[str, Any] = (
        {}
        if chosen is Reason.MALFORMED
        else {"subject": "s" * 24, "session_ref": "r" * 24, "correlation_id": "flow-0001"}
    )
    return AuthEvent(
        type_, str(uuid.UUID(int=7)), 0.0, "dev", "https://auth.dev.localhost", client_id, chosen, **of_session
    )


def told(**changes: Any) -> dict[str, Any]:
    """The properties of a login with these changes; None leaves one out."""
    whole = {**event().properties(1, 0.0), **changes}
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_published_schema_is_the_one_of_the_types(version: str) -> None:
    file = PUBLISHED / f"auth-event-{version}.schema.json"
    make = f"python -m reference_impl.events.json_schema {version} > {file.relative_to(PUBLISHED.parents[1])}"
    assert file.read_text(encoding="utf-8") == schema_text(version), f"it is stale: {make}"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_published_schema_is_closed_and_a_schema(version: str) -> None:
    schema = schema_of(version)
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def test_every_personal_field_says_what_for_and_for_how_long() -> None:
    schema: Any = schema_of()
    for name in ("subject", "session_ref", "correlation_id"):
        assert schema["properties"][name]["x-purpose"]
        assert schema["properties"][name]["x-retention-days"] > 0


@pytest.mark.parametrize(("type_", "reason"), [(t, r) for t in EventType for r in sorted(REASONS[t])])
def test_every_event_that_can_be_made_is_valid(type_: EventType, reason: Reason) -> None:
    properties = event(type_, reason).properties(3, 1.0)
    assert violations(type_, properties) == []
    assert Draft202012Validator(schema_of()).is_valid(properties)
    assert properties["outcome"] == OUTCOMES[type_]


BAD: dict[str, dict[str, Any]] = {
    "a field is missing": {"stage": None},
    "the session is missing": {"session_ref": None},
    "there is another field": {"note": "x"},
    "the time is local": {"occurred_at": "2027-01-15T09:00:00.000+01:00"},
    "the type is unknown": {"type": "auth.refreshFailed"},
    "the reason is of another type": {"reason": "expired"},
    "the outcome is another": {"outcome": "failure"},
    "the version is unknown": {"version": "2.0"},
    "seq is no number": {"seq": True},
    "a line could be forged": {"client_id": "web\r\nforged"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_a_producer_refuses(changes: dict[str, Any]) -> None:
    properties = told(**changes)
    with pytest.raises(InvalidEvent, match="no auth event: "):
        require_valid(properties.get("type"), properties)
    assert not Draft202012Validator(schema_of()).is_valid(properties)


def test_an_event_whose_detail_type_differs_from_its_type_is_refused() -> None:
    assert violations("auth.logout", told())


def test_a_consumer_takes_the_version_before_and_none_to_come() -> None:
    before = {name: value for name, value in told(version="1.0").items() if name in fields_of("1.0")}
    assert violations("auth.login", before, VERSIONS) == []
    assert violations("auth.login", told(version="1.0"), VERSIONS), "1.0 had no recorded_at"
    assert violations("auth.login", told(version="1.2"), VERSIONS)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.text(max_size=8), st.just("x" * 300))


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from([*fields_of("1.1"), "other"]), value=VALUES)
def test_the_published_schema_and_the_producer_say_the_same_of_an_altered_event(name: str, value: Any) -> None:
    properties = told(**{name: value})
    published = Draft202012Validator(schema_of()).is_valid(properties)
    assert published == (not violations(properties.get("type"), properties))


@settings(max_examples=80, deadline=None)
@given(text=st.text(min_size=1), longest=st.integers(8, 40))
def test_a_text_is_cut_between_characters_and_only_where_it_is_too_long(text: str, longest: int) -> None:
    whole = text.encode("utf-8", "replace").decode()
    short = cut(text, longest)
    assert len(short.encode()) <= longest
    assert short == whole if len(whole.encode()) <= longest else whole.startswith(short[:-1]) and short[-1] == "…"


def test_an_event_with_a_text_that_is_too_long_is_whole_but_for_it_and_says_so() -> None:
    properties = event(client_id="ä" * 300_000).properties(1, 0.0)
    assert properties["truncated"] is True
    assert len(str(properties["client_id"]).encode()) <= LONGEST
    assert violations(EventType.LOGIN, properties) == []
    assert "truncated" not in event().properties(1, 0.0)


def test_a_refusal_tells_no_value() -> None:
    with pytest.raises(InvalidEvent) as refused:
        require_valid("auth.login", told(subject="alice@example.com"))
    assert "alice" not in json.dumps(refused.value.violations)
