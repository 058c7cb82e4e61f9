"""The issuer as a whole with its state in DynamoDB: tests of the token endpoint and of events, once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reference_impl.events.dynamo_outbox import DynamoOutbox
from reference_impl.issuer.dynamo_state import DynamoStore
from tests.reference_impl.events.test_events import (  # noqa: F401 - collected here
    test_a_dead_token_is_one_event_however_often_it_comes,
    test_a_disabled_account_is_told_apart,
    test_a_login_is_one_event_that_says_whose_session_began,
    test_garbage_is_at_most_one_event_a_minute_and_client_with_a_count,
    test_two_first_logins_at_once_make_one_account_and_two_events,
)
from tests.reference_impl.issuer.dynamo import dynamo_table
from tests.reference_impl.issuer.test_authorization import (  # noqa: F401 - collected here
    test_a_disabled_account_gets_no_code,
    test_a_login_page_answers_once_and_not_after_its_lifetime,
    test_a_login_page_works_only_in_the_browser_that_opened_it,
)
from tests.reference_impl.issuer.test_tokens import (  # noqa: F401 - collected here
    test_a_code_is_worth_nothing_without_its_binding_and_is_used_up_by_the_attempt,
    test_a_disabled_account_can_neither_refresh_nor_call_until_it_is_enabled,
    test_a_replayed_code_ends_the_grant_that_came_of_it,
    test_a_retry_is_reuse_once_the_successor_was_used,
    test_a_retry_within_the_grace_gets_the_same_successor,
    test_another_clients_refresh_token_is_refused_and_stays_usable,
    test_concurrent_refreshes_have_one_successor,
    test_giving_back_either_token_ends_the_grant_once,
    test_of_twenty_redemptions_at_once_exactly_one_succeeds,
    test_reuse_after_the_grace_ends_this_grant_and_no_other,
    test_rotation_does_not_extend_the_absolute_lifetime,
)


@pytest.fixture
def make_store() -> Iterator[Any]:
    with dynamo_table() as table:
        store = DynamoStore(table)
        yield lambda database, clock, sign: (store, DynamoOutbox(store, clock, sign))
