Feature: The secrets of a sign-in, at rest and on the way
  A sign-in that is kept outlives every kind of end of the client and of the system's session. What a logout ends is gone
  from the store. Nothing secret lies anywhere else: in no file, no log, no process's arguments or environment.

  @STORE-02
  Scenario: A stored session is there again after every kind of restart
    Given a desktop client with a secret store of its own, and a user who signed in with it
    When the client is ended and started again, and the API is called
    And the client is killed as soon as a refresh has returned, and started again
    And the user logs out of the system and in again, and starts the client
    Then STORE-02.E1 holds: every time the client gets a new access token with what is stored, and opens no browser
    And STORE-02.E2 holds: what is stored is the last token that was given, before each restart as after it
    And STORE-02.E3 holds: the session policy states that sign-ins are kept, how long, and from which recommendation that departs

  @STORE-03
  Scenario Outline: A sign-out leaves nothing of the account in the store, and another account's as it was
    Given a desktop client with a secret store of its own, and two accounts signed in with it
    When the first account's session ends by <way>
    And the client of the first account is started again
    Then STORE-03.E1 holds: once the user is told, the store holds no item of the account
    And STORE-03.E2 holds: the other account's items are what they were
    And STORE-03.E3 holds: the store's own files hold nothing of the account in clear
    And STORE-03.E4 holds: the client asks the user of the first account to sign in

    Examples:
      | way                                |
      | a sign-out                         |
      | a sign-out without a network       |
      | a revocation and the next refresh  |

  @STORE-04
  Scenario: Nothing secret lies on disk outside the secure store
    Given a desktop client with a secret store of its own, and a user who signed in with it
    When the session is refreshed 3 times, and everything is searched
    And a sign-in fails, and everything is searched
    And the client is started again as after an update, and everything is searched
    And what the window keeps in the browser is searched
    And the client crashes, and everything is searched
    Then STORE-04.E1 holds: no secret is in any file outside the store's own
    And STORE-04.E2 holds: the window's storages and cookies hold no token
    And STORE-04.E3 holds: the crash left no dump with a secret in it

  @STORE-06
  Scenario: No process shows a secret in its arguments or its environment
    Given a desktop client with a secret store of its own
    When its processes are watched while the user signs in, refreshes, and stores, reads and clears a secret
    Then STORE-06.E1 holds: no secret is in the arguments of any process
    And STORE-06.E2 holds: no secret is in the environment of any process
    And STORE-06.E3 holds: the URL handed to the browser holds public values only

  @STORE-07
  Scenario: A locked keyring is told as locked, loses nothing, and is taken up again without a sign-in
    Given a desktop client with a secret store of its own, and a user who signed in with it
    When the keyring is locked while the client runs, which reads, stores and clears a secret, and refreshes
    And the keyring is unlocked, and the user tries again
    And the client is started while the keyring is locked, and nobody answers the prompt for its password
    And the keyring is unlocked, the user tries again, and the API is called
    Then STORE-07.E1 holds: every call tells in time that the store is locked, and the window answers meanwhile
    And STORE-07.E2 holds: after the unlocking what was stored is still there, and the session goes on
    And STORE-07.E3 holds: meanwhile no secret was written to any file
    And STORE-07.E4 holds: the window says that the keyring is locked and what to do, and not that the user is signed out

  @STORE-05
  Scenario: No secret is in what the client logs, reports and tells, whatever goes wrong
    Given a desktop client that logs all it can, and a user who signed in with it
    When it refreshes, also while the issuer refuses with 400 and 500 and repeats the request in its answer
    And an answer to a sign-in is malformed
    And another installation is given the same token, and both are started
    And the use of a token ends in an error that nobody foresaw, with the token in it
    Then STORE-05.E1 holds: no secret is in any log, file or report, not even a short part of one
    And STORE-05.E2 holds: logs tell a session by a keyed hash, another one at each installation
    And STORE-05.E3 holds: errors that are shown and records of crashes repeat nothing of a request

  @STORE-05
  Scenario: No secret is in what the server logs
    Given the server as a process of its own
    When a user logs in, refreshes, is refused and logs out, and what the server wrote is searched
    Then STORE-05.E1 holds: no secret is in what the server wrote

  @STORE-14
  Scenario: What is stored is of its user and its machine, and a change of it is noticed
    Given a desktop client with a secret store of its own, and a user who signed in with it
    And a vault of encrypted files, allowed where the system has no store, with a secret in it
    When the store's entries and the vault's files are looked at
    And another user and another machine try to obtain what is stored
    And each region of each file of the vault is changed, and the secret is read
    Then STORE-14.E1 holds: the store keeps the items where the system protects them for its user
    And STORE-14.E2 holds: neither another user nor another machine gets what is stored
    And STORE-14.E3 holds: each change of the vault is told as tampering, and nothing altered is read
    And STORE-14.E4 holds: the vault is its owner's alone, and its key is in another folder

  @STORE-10
  Scenario: What an earlier version left in plain text moves to the secure store, and is renewed at once
    Given a desktop client with a secret store of its own, and what an earlier version left of a sign-in in plain text
    When the client is started, and does nothing else than it does by itself
    And somebody tries the token that lay in plain text
    Then STORE-10.E1 holds: the store alone holds the newest token, also the browser's logs hold none, and no warning is left
    And STORE-10.E3 holds: the token was renewed after the start, and is refused since

  @STORE-10
  Scenario: A sign-in in memory moves to the secure store when that comes back
    Given a desktop client whose secret store is away, and a user who signed in with it
    When the secret store comes back, and the client looks for it
    Then STORE-10.E1 holds: the store alone holds the newest token, and no warning is left
