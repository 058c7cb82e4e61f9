"""What every port can be wrapped in: one that is not offered, and one that is held to its promises."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeVar, cast

from harness.errors import NotOffered, TargetError
from harness.observations import Observation

__all__ = ["absent", "validating"]


P = TypeVar("P")


def absent(protocol: type[P], capability: str, reason: str, declared: bool = False) -> P:
    """A port whose every use raises NotOffered."""

    class Absent:
        def __getattr__(self, name: str) -> Any:
            raise NotOffered(capability, reason, declared)

    return cast("P", Absent())


def validating(protocol: type[P], port: P) -> P:
    """The port, with every answer checked against the protocol: its type, its case, its non-negative times."""
    return cast("P", _Validating(protocol, port))


class _Validating:
    def __init__(self, protocol: type, port: object) -> None:
        self._protocol, self._port = protocol, port

    def __getattr__(self, name: str) -> Any:
        promised = getattr(self._protocol, name, None)
        real = getattr(self._port, name)
        if promised is None or not callable(real):
            return real
        return _checked(name, promised, real)


def _checked(name: str, promised: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    returns = typing.get_type_hints(promised).get("return")
    signature = inspect.signature(promised)

    @functools.wraps(real)
    def call(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(None, *arguments, **named)
        answer = real(*arguments, **named)
        if isinstance(returns, type) and issubclass(returns, Observation):
            _require(isinstance(answer, returns), f"{name} gave {type(answer).__name__}, not {returns.__name__}")
            _require(bool(answer.id), f"{name} gave an observation that was not recorded")
            case = bound.arguments.get("case", answer.case)
            _require(answer.case == case, f"{name} answered {answer.case!r} to {case!r}")
            _require(getattr(answer, "seconds", 0.0) >= 0, f"{name} took a negative time")
        return answer

    return call


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise TargetError(f"a port broke its promise: {what}")
