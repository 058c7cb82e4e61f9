"""Faults of where the web client leads its user."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from harness.faults.registry import fault
from reference_impl.parts import Part

ReturnTarget = Callable[[str | None], str]


@fault("F-WEB-12-a", "WEB-12.E1", Part.RETURN_TARGET)
def whatever_begins_with_a_slash_is_a_path(real: ReturnTarget) -> ReturnTarget:
    return lambda asked: asked if asked and asked.startswith("/") and "\n" not in asked else real(asked)


@fault("F-WEB-12-x1", "WEB-12.E1", Part.RETURN_TARGET)
def without_slashes_an_address_is_taken_for_a_path(real: ReturnTarget) -> ReturnTarget:
    """Of another scheme than the page's it names a host all the same (WHATWG URL §4.4)."""
    return lambda asked: asked if asked and re.fullmatch(r"http:[^/\s]+", asked) else real(asked)


@fault("F-WEB-12-x2", "WEB-12.E1", Part.RETURN_TARGET)
def it_is_decoded_once_more_after_it_was_checked(real: ReturnTarget) -> ReturnTarget:
    return lambda asked: unquote(asked) if asked and re.fullmatch(r"%2f[^:\\\s]*", asked) else real(asked)


@fault("F-WEB-12-x3", "WEB-12.E1", Part.RETURN_TARGET)
def the_address_need_only_begin_with_its_own(real: ReturnTarget) -> ReturnTarget:
    own = re.compile(r"https://app\.\w+\.localhost")
    return lambda asked: asked if asked and own.match(asked) else real(asked)


@fault("F-WEB-12-x4", "WEB-12.E2", Part.RETURN_TARGET)
def a_script_is_taken_for_a_page(real: ReturnTarget) -> ReturnTarget:
    return lambda asked: asked if asked and asked.startswith("javascript:") else real(asked)


@fault("F-WEB-12-x5", "WEB-12.E3", Part.RETURN_TARGET)
def a_login_always_leads_home(real: ReturnTarget) -> ReturnTarget:
    return lambda asked: "/"
