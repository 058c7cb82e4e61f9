"""Whether properties are those of an auth event, for who produces and for who consumes them.

The schema is closed: an unknown type, version or field is refused, not ignored (ASVS 5.0.0 16.2.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reference_impl.events.fields import OUTCOMES, REASONS, VERSION, EventType, Reason, fields_of


class InvalidEvent(ValueError):
    """Properties that are not those of an event. ``violations``: one sentence each, without any value."""

    def __init__(self, violations: tuple[str, ...]) -> None:
        self.violations = violations
        super().__init__("no auth event: " + "; ".join(violations))


def violations(type_: object, properties: Mapping[str, object], versions: tuple[str, ...] = (VERSION,)) -> list[str]:
    """Return what is wrong with the properties of an event whose detail-type is ``type_``; nothing, if nothing is."""
    version = properties.get("version")
    if version not in versions:
        return [f"version is not one of {', '.join(versions)}"]
    if type_ not in EventType.__members__.values() or properties.get("type") != type_:
        return [f"type is not one of {', '.join(EventType)}, in the event as in its detail-type"]
    return [*_of_fields(str(version), properties), *_of_type(EventType(str(type_)), properties)]


def require_valid(type_: object, properties: Mapping[str, object]) -> None:
    """Refuse what a producer must not publish. Raises InvalidEvent with all that is wrong."""
    if found := violations(type_, properties):
        raise InvalidEvent(tuple(found))


def _of_fields(version: str, properties: Mapping[str, object]) -> Iterator[str]:
    fields, of_session = fields_of(version), properties.get("reason") != Reason.MALFORMED
    for name, field in fields.items():
        wanted = of_session if field.of_session else not field.optional
        if name not in properties:
            if wanted:
                yield f"{name} is missing"
        elif field.of_session and not of_session:
            yield f"{name} is there, and nobody's session is"
        elif not field.accepts(properties[name]):
            yield f"{name} is not what it should be"
    unknown = len(properties.keys() - fields.keys())
    if unknown:
        yield f"{unknown} fields are unknown in version {version}"


def _of_type(type_: EventType, properties: Mapping[str, object]) -> Iterator[str]:
    if properties.get("reason") not in REASONS[type_]:
        yield f"reason is none of {type_}"
    if properties.get("outcome") != OUTCOMES[type_]:
        yield f"outcome of {type_} is {OUTCOMES[type_]}"
