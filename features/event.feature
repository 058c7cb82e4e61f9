Feature: Events
  Whoever watches the bus learns of every login, and of every session that cannot go on, once and for the right reason.

  @EVENT-01 @stage:each @destructive
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

  @EVENT-01 @stage:each @destructive
  Scenario: A login is told even if the server dies right after it
    Given a server of its own, and a subscriber of the stage's bus
    When a user logs in, the server is killed as soon as it has answered, and it is started again
    Then EVENT-01.E3 holds: the login is told once

  @EVENT-03 @stage:each @destructive
  Scenario: A session that cannot go on is told once, with the reason
    Given a subscriber of the stage's bus
    When refresh tokens that have ended in each of these ways are presented, five times each
      | reason                   |
      | expired                  |
      | revoked                  |
      | revoked, another session |
      | reuse_detected           |
      | client_mismatch          |
      | account_disabled         |
    And a client presents fifty refresh tokens that nobody ever issued, and one more after a minute
    And a refresh succeeds after the server failed, after its answer was lost, and twice within the grace
    Then EVENT-03.E1 holds: each dead token is told by one event with the right reason, and the client that presented it
    And EVENT-03.E2 holds: what succeeds in the end is not told as a failure
    And EVENT-03.E3 holds: tokens that nobody issued are told once a minute at most, counted, and without a subject

  @EVENT-10 @destructive
  Scenario: The bus accepts a call and still refuses some of its events
    When events are published to a bus that refuses some of them
      | case                              | events | refused  | as                    | calls  |
      | one, refused once                 | 1      | 1        | ThrottlingException   | 1      |
      | ten, the first refused once       | 10     | 1        | ThrottlingException   | 1      |
      | ten, a middle one refused twice   | 10     | 5        | InternalFailure       | 2      |
      | ten, the last refused once        | 10     | 10       | ServiceUnavailable    | 1      |
      | ten, three of them refused once   | 10     | 1, 5, 10 | InternalFailure       | 1      |
      | one, refused for good             | 1      | 1        | MalformedDetail       | always |
      | ten, the first refused for good   | 10     | 1        | MalformedDetail       | always |
      | ten, a middle one never accepted  | 10     | 5        | ThrottlingException   | always |
      | ten, the last refused for good    | 10     | 10       | MalformedDetail       | always |
      | ten, two of them refused for good | 10     | 3, 8     | MalformedDetail       | always |
      | one, the call throttled           | 1      | the call | ThrottlingException   | 1      |
      | ten, the call failing twice       | 10     | the call | InternalException     | 2      |
      | ten, the call denied once         | 10     | the call | AccessDeniedException | 1      |
      | ten, the call denied six times    | 10     | the call | AccessDeniedException | 6      |
    Then EVENT-10.E1 holds: what was refused for the moment is sent again, and nothing else is
    And EVENT-10.E2 holds: what was refused for the moment arrives, and every event is published once
    And EVENT-10.E3 holds: what is refused for good ends as a whole dead letter with an alarm and can be redelivered, and nothing that the bus did not take is called published

  @EVENT-04 @stage:each
  Scenario: Every event is as the published schema of its version says
    Given the published schemas of the events
    And a subscriber of the stage's bus
    When sessions begin, fail to be refreshed, and end
    And the producer is given events with these mistakes
      | nothing is wrong          |
      | a field is missing        |
      | there is an unknown field |
      | the time is local         |
      | the type is unknown       |
    And the consumer is given events of the current, the previous and an unknown version
    Then EVENT-04.E1 holds: every event is valid
    And EVENT-04.E2 holds: the producer refuses what is not
    And EVENT-04.E3 holds: times are in UTC, and those at which it happened
    And EVENT-04.E4 holds: what was valid in the version before can still be read

  @EVENT-06 @EVENT-07 @stage:all @destructive
  Scenario: No event tells a secret, or who somebody is
    Given the published schemas of the events, and subscribers of the buses of two stages
    When a person with canaries in every secret and in his name logs in, fails and logs out at both stages
    And the producers of all stages refer to one and the same session
    And the person's account is erased, and the person comes again
    Then EVENT-06.E1 holds: no secret stands in an event, a dead letter or a log, in any form
    And EVENT-06.E2 holds: a session is referred to by a keyed hash
    And EVENT-06.E3 holds: no field is free text
    And EVENT-07.E1 holds: no event tells who somebody is
    And EVENT-07.E2 holds: no event tells a whole address of the network
    And EVENT-07.E3 holds: a person has another pseudonym at each stage
    And EVENT-07.E4 holds: the pseudonym of an erased account is nobody's

  @EVENT-08 @destructive
  Scenario: Every event arrives once, in an order that can be restored
    When sessions begin, fail and end while the bus behaves like this
      | answers time out |
      | delivered twice  |
      | reordered        |
    Then EVENT-08.E1 holds: what is sent again is the same event
    And EVENT-08.E2 holds: a consumer stores each event once
    And EVENT-08.E3 holds: the order of each session can be restored

  @EVENT-11 @destructive
  Scenario: Events fit the bus, whatever is in them and however many there are
    Given the published schemas of the events
    When events are told at once, some with a text of 300,000 characters, some with one that ends at a limit
    Then EVENT-11.E1 holds: every event arrives and is valid; what was cut says so
    And EVENT-11.E2 holds: no call is over a limit
    And EVENT-11.E3 holds: no character is split

  @EVENT-02 @stage:each @destructive
  Scenario: The end of a session is told once, with its reason and the time at which its user left
    Given a subscriber of the stage's bus
    When sessions end in each of these ways
      | given back by its client  |
      | given back as of tomorrow |
      | ended by an administrator |
      | left for another stage    |
      | its code is replayed      |
    And a user logs out in three tabs at once
    And a user logs out while the issuer cannot be reached, and the network comes back ten minutes later
    And a session is given back twice, and one that has expired is given back
    Then EVENT-02.E1 holds: each end is told by one event, with the right reason and time
    And EVENT-02.E2 holds: an end that nobody could be told of is told afterwards, as of when it was
    And EVENT-02.E3 holds: what has ended does not end again

  @EVENT-05 @stage:each
  Scenario: One identifier links what belongs to a login, and is nothing that a client chose badly
    Given a subscriber of the stage's bus, and a reader of the server's log
    When ten users log in and out at once
    And logins propose identifiers of these kinds
      | well-formed             |
      | another flow's          |
      | ten thousand characters |
      | a forged line           |
      | a fragment of JSON      |
      | the request's own state |
    Then EVENT-05.E1 holds: each flow has one identifier, in events and log, and no other has it
    And EVENT-05.E2 holds: a bad proposal is replaced, and stands nowhere
    And EVENT-05.E3 holds: no identifier is a secret

  @EVENT-12 @destructive
  Scenario: A burst of failures raises one alert, and less than a burst none
    When refreshes fail in these numbers
      | case                                 | count | minutes | accounts | reason         | stage   |
      | nine in five minutes                 | 9     | 4.9     | 1        | revoked        | own     |
      | ten in five minutes                  | 10    | 4.9     | 1        | revoked        | own     |
      | ten in thirty minutes                | 10    | 30      | 1        | revoked        | own     |
      | a hundred in a minute                | 100   | 1       | 1        | revoked        | own     |
      | ten of ten accounts at ten instances | 10    | 4.9     | 10       | expired        | own     |
      | one reuse                            | 1     | 0       | 1        | reuse_detected | own     |
      | ten of another stage                 | 10    | 4.9     | 1        | revoked        | another |
    Then EVENT-12.E1 holds: there are as many alerts as bursts
    And EVENT-12.E2 holds: an alert comes in time, and leads to what raised it
    And EVENT-12.E3 holds: an alert tells nobody's name

  @EVENT-13 @stage:all @destructive
  Scenario: Production's subscribers believe production's issuer, and nobody else
    When events like these are put on the bus of production
      | genuine                                       |
      | a login told by the API                       |
      | a login told by the web client                |
      | a login told by the desktop client            |
      | an event of dev with another source and stage |
      | an event of dev                               |
      | a copy without its stage                      |
    And these follow, once the signing key was rotated and has ended
      | an event of the archive, by the key that has ended |
      | a login told by who stole the key that has ended   |
    Then EVENT-13.E1 holds: nobody but the issuer is believed
    And EVENT-13.E2 holds: production's subscribers are sent events of production alone
    And EVENT-13.E3 holds: forgeries are logged

  @EVENT-09 @destructive
  Scenario: Nobody notices that the bus is away, and nothing is lost
    Given a subscriber of the stage's bus
    When users log in, refresh and log out while the bus is well
    And they do so while the bus is away for ten minutes in each of these ways
      | refused    |
      | hanging    |
      | 503        |
      | throttling |
    And more events occur than the buffer holds, while the bus takes none
    Then EVENT-09.E1 holds: no action fails or takes noticeably longer
    And EVENT-09.E2 holds: every event is delivered afterwards, with the time at which it happened
    And EVENT-09.E4 holds: a full buffer keeps the oldest, counts the rest and raises an alarm

  @EVENT-09 @destructive
  Scenario: What waits for the bus survives a restart of the server
    Given a server of its own, and a subscriber of the stage's bus
    When users log in before and after the server is killed and started again, and only then the bus comes back
    Then EVENT-09.E3 holds: the logins of both sides are told
