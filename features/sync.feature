Feature: Synchronisation with fresh tokens
  What a user changes on his device reaches the server once and in order, by tokens that are fresh, and nobody else's.

  @SYNC-01 @stage:each
  Scenario: The API refuses what is no token of its own so that a client knows that it needs another
    Given a user who syncs, and all routes of the API that need a token
    When each route is asked with each of these, and what is stored is compared
      | authorization       |
      | no header           |
      | a scheme alone      |
      | another scheme      |
      | garbage             |
      | expired             |
      | revoked             |
      | of another audience |
    And each route is asked with the user's own token
    Then SYNC-01.E1 holds: each is answered 401 with the challenge that it needs, and a message that says no more
    And SYNC-01.E2 holds: nothing was stored and nothing was told for what was refused
    And SYNC-01.E3 holds: the user's own token is taken everywhere

  @SYNC-05 @stage:each
  Scenario: A mutation that is pushed more than once has its effect once
    Given a client with a note that grows with each of its mutations
    When its mutations are pushed again with a new token, as if the answer had been lost
    And the same push is sent twenty times at once
    And the server fails between a mutation's effect and its acknowledgement, and the client pushes again
    And another tab of the same client group pushes what the client has not sent, and so does the client
    And a push leaves out a mutation, and later brings it
    Then SYNC-05.E1 holds: each mutation had its effect once, those of one client in their order
    And SYNC-05.E2 holds: what is pushed again is accepted, and changes nothing
    And SYNC-05.E3 holds: what comes after a gap is refused, and has no effect until the gap is closed

  @SYNC-09 @stage:each
  Scenario: Client groups and workspaces are of use to their own users only
    Given two users with client groups of their own, and a workspace of the first
    When the second user names what is not his, in pushes and pulls
      | named                                        |
      | the other's group and client                 |
      | the other's group, and a client of nobody    |
      | the other's client in a group of his own     |
      | the workspace's group, without the workspace |
      | the workspace's group and the workspace      |
      | the workspace                                |
      | a workspace of nobody                        |
      | a workspace that he was removed from         |
    And he pulls what is his
    Then SYNC-09.E1 holds: each is refused, and the first user's data and what was acknowledged to him stay as they were
    And SYNC-09.E2 holds: no answer to the second user holds anything that the first one wrote
    And SYNC-09.E3 holds: an answer does not tell what is another's from what nobody has
