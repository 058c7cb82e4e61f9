Feature: Tokens
  The issuer hands out tokens only to the client and user who asked for them, only once, and takes them back when
  something is wrong.

  @TOKEN-01 @stage:each
  Scenario: Only a code request with an S256 challenge is answered with a code
    Given the registered public clients
    When each client sends these code requests, and logs in wherever it is let
      | case                       | code_challenge | code_challenge_method | state           |
      | no challenge               | absent         | absent                | sent and absent |
      | the method plain           | as it should   | plain                 | sent and absent |
      | a challenge without method | as it should   | absent                | sent and absent |
      | the method s256            | as it should   | s256                  | sent and absent |
      | a 42-character challenge   | 42 characters  | S256                  | sent and absent |
      | a valid request            | as it should   | S256                  | sent            |
    Then TOKEN-01.E1 holds: every bad request is refused with invalid_request and the state it came with, and never a code
    And TOKEN-01.E2 holds: the metadata names S256 and nothing else
    And TOKEN-01.E3 holds: the valid request is answered with a code

  @TOKEN-03 @stage:each
  Scenario: A code is sent to a registered redirect URI and to no other
    Given the registered public clients
    When code requests name redirect URIs that differ from the registered one
    And a native client names its registered redirect URI with another port
    And requests with further mistakes name an unregistered redirect URI
    Then TOKEN-03.E1 holds: every changed redirect URI is answered with an error page and no redirect
    And TOKEN-03.E2 holds: the native client is let use another port
    And TOKEN-03.E3 holds: no mistake makes the issuer redirect to an unregistered URI

  @TOKEN-08 @stage:each
  Scenario: An authorization code works once, and not for long
    Given a user who can log in
    When one code of each client is redeemed many times at once, round after round
    And a code is redeemed, its tokens are used, the code is redeemed again, and the tokens are used again
    And the same is done with codes whose life is over by the second redemption
    And codes are redeemed one second before and two seconds after the end of their life
    Then TOKEN-08.E1 holds: in every round exactly one redemption succeeds
    And TOKEN-08.E2 holds: the second redemption is refused and takes the tokens of the first with it
    And TOKEN-08.E3 holds: the younger code is accepted and the older one refused

  @TOKEN-09 @stage:each
  Scenario: A refresh token is replaced whenever it is used
    Given a user who can log in
    When a session of each client is refreshed five times in a row
    And earlier refresh tokens, each of a session of its own, are presented after the reuse grace
    And the desktop client refreshes its session several times, is restarted, and refreshes it once more
    Then TOKEN-09.E1 holds: every refresh brings a new refresh token and says how long the access token lives
    And TOKEN-09.E2 holds: no earlier refresh token is accepted after the grace
    And TOKEN-09.E3 holds: the client keeps the newest refresh token and never sends an old one again

  @TOKEN-10 @stage:each
  Scenario Outline: A stolen refresh token ends its session, and only that
    Given a user with sessions at two clients, two of which have been refreshed
    When the first refresh token of one of them is presented again <when>
    And the last refresh token but one of the other is presented again after the reuse grace
    Then TOKEN-10.E1 holds: the stolen tokens are refused
    And TOKEN-10.E2 holds: the newest refresh token and the newest access token of those sessions are refused too
    And TOKEN-10.E3 holds: the other sessions go on, at another client and at the same
    And TOKEN-10.E4 holds: one event tells of the first reuse

    Examples:
      | when                                      |
      | just after the reuse grace                |
      | after half of the lifetime of the session |
