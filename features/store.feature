Feature: Session store
  The secrets of a sign-in are kept by the operating system's own secret store, exactly and under their own names. Where
  no acceptable store is there, they are kept in memory only, and the user is told.

  @STORE-01 @store:each
  Scenario: What was stored comes back exactly, and only where it belongs
    Given a client with an empty session store
    When each of these values and some random ones are stored, and read by another process where the store outlives one
      | value                         |
      | one byte                      |
      | 4096 ASCII characters         |
      | characters beyond the BMP     |
      | composed and decomposed       |
      | an embedded NUL               |
      | an embedded newline           |
      | embedded quotes               |
      | leading and trailing spaces   |
      | nothing at all                |
      | bytes that are no text        |
    And values that cannot be kept are stored over a value that is there
    And items are read that were never set, or were cleared
    And accounts are stored whose names are alike
    And of two accounts on two stages one is cleared twice on one stage and then signs in again
    And the entries of the store are listed
    Then STORE-01.E1 holds: every accepted value comes back byte for byte, and a refused one leaves the one before
    And STORE-01.E2 holds: what is not there is told as missing, never as an empty value and never as an error
    And STORE-01.E3 holds: the other account and the other stage keep what they had, however alike the names, and clearing twice is no error
    And STORE-01.E4 holds: the store holds the documented items of those who are signed in, and nothing else

  @STORE-08
  Scenario Outline: Without a secure store one can sign in, and is told that it will not last
    Given the desktop client on a machine with <situation>
    When the user starts it, logs in, refreshes the session, calls the API and looks at every page
    And the user ends the client and starts it again
    Then STORE-08.E1 holds: login and API work, and the client says that it keeps secrets in memory only
    And STORE-08.E2 holds: on every page a visible warning names the consequence and the remedy
    And STORE-08.E3 holds: nothing secret was written, and after the restart the user is signed out
    And STORE-08.E4 holds: each start logged one record of it, without a secret

    Examples:
      | situation                            |
      | no D-Bus session                     |
      | a D-Bus session without secret store |

  @STORE-09
  Scenario: A weak store is refused, whoever asks for it
    Given the desktop client and these weak stores
      | store                                 |
      | one that discards values              |
      | one that stores nothing               |
      | one that writes plain text            |
      | one that encrypts without integrity   |
      | one with a constant key               |
    When each is asked for by environment, by configuration file and by command line, and the user logs in
    Then STORE-09.E1 holds: every time the client keeps secrets in memory only, and warns
    And STORE-09.E2 holds: nothing secret is in the weak store's file, or in any other

  @STORE-09
  Scenario: A store that loses or alters values is noticed before the first login
    Given the desktop client and a secret store that discards what it is given
    When the user starts it and logs in
    And the user starts the client beside a secret store that gives other values back
    And the user starts the client beside a sound secret store
    Then STORE-09.E3 holds: before the first login the store is tried by write, comparison and deletion, and the discarding and the altering one refused

  @STORE-09
  Scenario: A chain of stores with a weak one among them is not written to
    Given the desktop client and a chain of a sound and a weak store
    When the user starts it, logs in and refreshes the session
    Then STORE-09.E4 holds: nothing was written to the weak store

  @STORE-11
  Scenario: A value larger than an entry is kept whole, or refused
    Given a session store over a back end whose entries hold 2560 bytes
    When values of these sizes, of one and of four bytes a character, are stored over one that is there
      | characters |
      | 1279       |
      | 1280       |
      | 1281       |
      | 2559       |
      | 2560       |
      | 2561       |
      | 8192       |
      | 65536      |
    And the client is killed at each step of storing a value of several parts, and starts again
    Then STORE-11.E1 holds: each value comes back whole, or is refused as too large
    And STORE-11.E2 holds: a refusal is told, and leaves the value before
    And STORE-11.E3 holds: a kill between parts leaves the value before or the new one
    And STORE-11.E4 holds: after clearing no part is left in the store

  @STORE-12
  Scenario: Several windows and processes use one store at once
    Given a session store that outlives its process
    When two processes of four threads set, rotate, read and clear at once, and one is killed while it holds the lock
    Then STORE-12.E1 holds: every read is of a whole value that somebody wrote
    And STORE-12.E2 holds: nobody reads an older value after a newer one, and no rotation is lost
    And STORE-12.E3 holds: the other account's item is intact at the end
    And STORE-12.E4 holds: all operations end in time, and the killed process's lock is had by another

  @STORE-13
  Scenario: A crash while a value is stored leaves the old one or the new one
    Given a session store that outlives its process
    When the client is killed at each step of storing a value, and starts again
    And clients are killed at the steps of a refresh and of the call after it, and start again in the grace and after it
    Then STORE-13.E1 holds: the next start reads the value before or the new one
    And STORE-13.E2 holds: a client that has the old token goes on, or asks for one login, without a loop
    And STORE-13.E3 holds: no access token was used before its refresh token was stored
    And STORE-13.E4 holds: no temporary file is left, and none was ever readable

  @STORE-10
  Scenario: A sign-in moves to the secure store whole, whatever fails on the way
    Given a session store that outlives its process
    When a sign-in is moved from these places to a better store, while each step fails, and while clients are killed
      | place           |
      | local storage   |
      | encrypted files |
      | memory          |
    Then STORE-10.E1 holds: undisturbed, the store alone holds the newest value in the end, and no warning is left
    And STORE-10.E2 holds: after each failure and kill the user is still signed in, and the next start completes the move
