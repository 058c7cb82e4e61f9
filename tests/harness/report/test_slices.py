"""Which exchanges bring a failure about again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.observations import Observation, Race, TokenFacts
from harness.report.slices import slice_of, with_their_start
from tests.harness.report.exchanges import ACCESS, BASE, REFRESH, login, login_in_a_browser, numbered, redemption, sent


def slice_numbers(seen: Sequence[Observation], *shown: int) -> list[int]:
    kept = slice_of([seen[number - 1] for number in shown], seen)
    return [int(one.id.rpartition("#")[2]) for one in kept]


def test_a_request_brings_along_the_answers_that_its_values_come_from() -> None:
    seen = numbered([sent("GET", "/jwks"), *login(), sent("GET", "/other", agent="1"), redemption()])
    assert slice_numbers(seen, 6) == [2, 3, 4, 6]


def test_what_another_user_agent_did_is_left_out() -> None:
    seen = numbered([*login("2"), sent("GET", "/page?id=77", agent="3"), sent("GET", "/alone", agent="3")])
    assert slice_numbers(seen, 5) == [5]


def test_an_earlier_answer_of_a_browser_comes_along_only_where_it_set_a_cookie() -> None:
    cookie = (("Set-Cookie", "sid=1"),)
    other = sent("GET", "/other", agent="1", by="browser", headers=cookie)
    seen = numbered([*login_in_a_browser(), other, *login_in_a_browser("99")])
    assert slice_numbers(seen, 7) == [4, 5, 6, 7]


def test_the_page_from_which_a_browser_sent_a_form_comes_along_though_it_does_not_name_the_address() -> None:
    start, page, form = login_in_a_browser()
    seen = numbered([start, page, replace(form, url=f"{BASE}/made-by-a-script")])
    assert slice_numbers(seen, 3) == [1, 2, 3]


def test_what_presented_the_same_credential_before_comes_along() -> None:
    refresh = sent("POST", "/token", form={"grant_type": "refresh_token", "refresh_token": REFRESH})
    use = sent("GET", "/me", request_headers=(("Authorization", f"Bearer {ACCESS}"),))
    seen = numbered([*login(), redemption(), redemption(400, "replay"), use, refresh])
    assert slice_numbers(seen, 6) == [1, 2, 3, 4, 5, 6]
    assert slice_numbers(seen, 4) == [1, 2, 3, 4]


def test_facts_of_a_token_are_shown_by_the_answer_that_brought_it() -> None:
    facts = TokenFacts(case="login", token=ACCESS, token_kind="access_token", form="jwt")
    assert slice_numbers(numbered([*login(), redemption(), facts]), 5) == [1, 2, 3, 4]


def test_a_race_is_shown_by_the_one_of_its_requests_that_was_kept() -> None:
    one = sent("GET", "/token", race="race", client="web")
    other = sent("GET", "/token", race="race", client="desktop")
    race = Race(case="race", about={"client": "web"}, parallel=20, rounds=((200, 200),), successes=(2,))
    assert slice_numbers(numbered([other, one, race]), 3) == [2]


def test_what_did_not_come_over_http_has_no_slice() -> None:
    seen = numbered([sent("GET", "file:///etc/passwd"), TokenFacts(case="x", token="", token_kind="x", form="opaque")])
    assert slice_numbers(seen, 1, 2) == []


def test_the_end_of_a_way_is_shown_with_the_request_that_it_began_with() -> None:
    seen = numbered([*login(), redemption()])
    assert with_their_start([seen[2], seen[3]], seen) == (seen[0], seen[2], seen[3])
