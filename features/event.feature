Feature: Events
  Whoever watches the bus learns of every login, and of every session that cannot go on, once and for the right reason.

  @EVENT-01 @stage:each
  Scenario: A login is told once, and nothing else is told as a login
    Given a subscriber of the stage's bus
    When users complete these logins
      | case                                | user   | client  |
      | a first login in the web client     | first  | web     |
      | a later login in the web client     | first  | web     |
      | a first login in the desktop client | second | desktop |
      | a later login in the desktop client | second | desktop |
    And a user logs in at the web application
    And a new user completes two logins at once
    And the web application's callback is sent again, and with a state that it never gave out
    And logins are declined, mistyped, abandoned, and begun while the identity provider fails
    And a code is redeemed, and then redeemed again
    And codes are presented with a wrong verifier, and for another redirect URI
    And a session is refreshed five times while the bus is watched
    And a refresh is tried again within the grace
    Then EVENT-01.E1 holds: each completed login is told by one event, in time
    And EVENT-01.E2 holds: nothing else is told as a login

  @EVENT-01 @stage:each
  Scenario: A login is told even if the server dies right after it
    Given a server of its own, and a subscriber of the stage's bus
    When a user logs in, the server is killed as soon as it has answered, and it is started again
    Then EVENT-01.E3 holds: the login is told once

  @EVENT-03 @stage:each
  Scenario: A session that cannot go on is told once, with the reason
    Given a subscriber of the stage's bus
    When refresh tokens that have ended in each of these ways are presented, five times each
      | reason           |
      | expired          |
      | revoked          |
      | reuse_detected   |
      | client_mismatch  |
      | account_disabled |
    And a client presents fifty refresh tokens that nobody ever issued, and one more after a minute
    And a refresh succeeds after the server failed, after its answer was lost, and twice within the grace
    Then EVENT-03.E1 holds: each dead token is told by one event with the right reason
    And EVENT-03.E2 holds: what succeeds in the end is not told as a failure
    And EVENT-03.E3 holds: tokens that nobody issued are told once a minute at most, counted, and without a subject

  @EVENT-10
  Scenario: The bus accepts a call and still refuses some of its events
    When events are published to a bus that refuses some of them
      | case                              | events | refused    | as                  | calls  |
      | one, refused once                 | 1      | 1          | ThrottlingException | 1      |
      | ten, the first refused once       | 10     | 1          | ThrottlingException | 1      |
      | ten, a middle one refused twice   | 10     | 5          | InternalFailure     | 2      |
      | ten, the last refused once        | 10     | 10         | ServiceUnavailable  | 1      |
      | ten, three of them refused once   | 10     | 1, 5, 10   | InternalFailure     | 1      |
      | one, refused for good             | 1      | 1          | MalformedDetail     | always |
      | ten, the first refused for good   | 10     | 1          | MalformedDetail     | always |
      | ten, a middle one never accepted  | 10     | 5          | ThrottlingException | always |
      | ten, the last refused for good    | 10     | 10         | MalformedDetail     | always |
      | ten, two of them refused for good | 10     | 3, 8       | MalformedDetail     | always |
    Then EVENT-10.E1 holds: what was refused for the moment is sent again, and nothing else is
    And EVENT-10.E2 holds: what was refused for the moment arrives, and every event is published once
    And EVENT-10.E3 holds: what is refused for good ends as a whole dead letter with an alarm, is never called published, and can be redelivered
