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

  @SYNC-03 @browser:each
  Scenario: Tabs that are open for long sync by the newest token, whatever their clock says
    Given a user at the page of his notes, with another tab in the background
    When both tabs go on through seven lives of an access token, by each of these clocks of the browser
      | clock              |
      | right              |
      | ten minutes ahead  |
      | ten minutes behind |
    And his computer sleeps for forty minutes
    Then SYNC-03.E1 holds: all is saved once and in order, and nobody is refused twice for one token
    And SYNC-03.E2 holds: nobody uses a token that was replaced
    And SYNC-03.E3 holds: by none of the clocks is the token endpoint asked too often
    And SYNC-03.E4 holds: after the sleep it goes on soon

  @SYNC-04 @browser:each @destructive
  Scenario: What a user wrote reaches the server, whatever happens meanwhile
    Given a user at the page of his notes, in a browser that keeps them
    When these things happen while he writes, in this order or in one that a seed says, and then all is well again
      | what happens                                                  |
      | write offline write expire write reload online write          |
      | expire 500 write write reload write wait fresh write          |
      | expire 401 write write login write                            |
      | lost write write lost expire late write write                 |
      | expire never write reload write wait write                    |
      | expire 500 write write restart fresh wait write logout write  |
      | seed 1                                                        |
      | seed 2                                                        |
    And the server's storage fails while it applies what he wrote
    Then SYNC-04.E1 holds: everything is at the server, once and in order
    And SYNC-04.E2 holds: nothing is left a minute after all is well
    And SYNC-04.E3 holds: what failed at the server is not acknowledged

  @SYNC-05 @stage:each @destructive
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
    And he adds to notes by their ids, from a client of his own
      | note            |
      | his own         |
      | the other's     |
      | the workspace's |
    And each pulls what is his
    Then SYNC-09.E1 holds: each is refused, and the first user's data and what was acknowledged to him stay as they were
    And SYNC-09.E2 holds: no answer to the second user holds anything that the first one wrote
    And SYNC-09.E3 holds: an answer does not tell what is another's from what nobody has

  @SYNC-02 @browser:each
  Scenario: A refused token is replaced once, and the same mutations are pushed again
    Given a user at the page of his notes
    When he writes ten notes without a network, and his token expires before it is back
    And push, pull and another call start together
    Then SYNC-02.E1 holds: the token endpoint is asked once for all of them
    And SYNC-02.E2 holds: what was refused is pushed again, the same mutations with another token
    And SYNC-02.E3 holds: all ten notes are at the server, in order and once

  @SYNC-02 @SYNC-06 @browser:each
  Scenario: A session that is over is told to the user, and what he wrote is kept
    Given a user at the page of his notes
    When the session is ended at the issuer, and he writes another note after his token has expired
    Then SYNC-02.E4 holds: the page asks for a login, and still shows what is not saved
    And SYNC-06.E1 holds: nothing is refreshed any more, no cookie is left, and the bus tells of it once

  @SYNC-06 @browser:each @destructive
  Scenario: A refresh that fails for now ends nothing
    Given a user at the page of his notes
    When the token endpoint answers refreshes so, and the user goes on writing
      | answers                        |
      | 500, five times                |
      | connection reset, five times   |
      | 429, to be tried again in 30 s |
      | a captive portal's page        |
    Then SYNC-06.E2 holds: the session goes on, and the endpoint is asked ever more seldom, and not before it said
    And SYNC-06.E3 holds: a page that is no token response is not taken for one

  @SYNC-07 @browser:each @destructive
  Scenario: A refresh that is never answered holds nothing up
    Given a user at the page of his notes
    When his refresh is never answered, and he goes on writing
    And it is answered again
    Then SYNC-07.E1 holds: the page stops waiting in time, and does not try too often
    And SYNC-07.E2 holds: what he writes is shown as fast as ever
    And SYNC-07.E3 holds: once it is answered again all is saved by itself

  @SYNC-07 @browser:each @destructive
  Scenario: A tab that is closed while it refreshes does not keep the others from it
    Given a user at the page of his notes
    When another tab waits for a refresh that is never answered, and is closed
    Then SYNC-07.E4 holds: the first tab goes on by itself

  @SYNC-08 @browser:each
  Scenario: A user is told of what a logout would lose, and the next one meets nothing of his
    Given a user at the page of his notes
    When he writes three notes that cannot be saved yet, signs out, is asked, and stays
    And he loads the page again, signs out before his notes are there, is asked, and stays
    And he signs out when they can be saved
    And another user signs in and writes
    Then SYNC-08.E2 holds: he is told of what is not saved, and it is saved before he is out
    And SYNC-08.E3 holds: the next user sees nothing of him, sends nothing of him, and is another client group

  @SYNC-08 @browser:each
  Scenario: A logout leaves nothing of the user's notes in the browser
    Given a user at the page of his notes
    When he writes notes and signs out
    And another user signs in and writes
    And he signs out while another tab holds the database open, and the first user comes back
    Then SYNC-08.E1 holds: no database is left, or it is deleted before anything is shown again
    And SYNC-08.E4 holds: what could not be deleted is told
