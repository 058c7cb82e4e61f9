Feature: The desktop shell

  The desktop client signs in by the system's browser, and hands what it must to its window and no more.

  @BRIDGE-01
  Scenario: A page's script sees the documented functions, and nothing of the main process
    Given the desktop shell
    When script looks for all that it can reach in the windows main and palette
    Then BRIDGE-01.E1 holds: it finds exactly the documented functions
    And BRIDGE-01.E2 holds: no function takes the name of a channel
    And BRIDGE-01.E3 holds: what is called back is given plain data at most

  @BRIDGE-02
  Scenario: The main process refuses what is not in the contract, and the preload what is no right reply
    Given the desktop shell
    When a compromised renderer sends messages of every wrong kind on each channel, and on one that is not there
    And what the main process replies is malformed
    Then BRIDGE-02.E1 holds: each is answered by a typed error at once
    And BRIDGE-02.E2 holds: nothing has changed, and the main process goes on
    And BRIDGE-02.E3 holds: no malformed reply reaches the page
    And BRIDGE-02.E4 holds: both sides are made from one contract

  @BRIDGE-03
  Scenario: A renderer gets short-lived access tokens, and no other secret
    Given the desktop shell
    When a user signs in, and the tokens are refreshed three times
    And a refresh fails, and works again
    And a second window opens, the first one is loaded anew, and the user signs out
    Then BRIDGE-03.E1 holds: no refresh token and no verifier is in messages, memory, storages or addresses
    And BRIDGE-03.E2 holds: tokens for the page end within an hour
    And BRIDGE-03.E3 holds: no error holds a token

  @BRIDGE-04
  Scenario: The main process listens to the application's own windows only
    Given the desktop shell
    When the main window sends a right message on each channel
    And the about window sends a right message on each channel
    And the iframe sends a right message on each channel
    And the foreign iframe sends a right message on each channel
    And the navigated window sends a right message on each channel
    And the returned window sends a right message on each channel
    Then BRIDGE-04.E1 holds: only the application's top frame is answered with data
    And BRIDGE-04.E2 holds: each refusal is logged with origin and channel, and nothing else of the message
    And BRIDGE-04.E3 holds: after the way back the application's page is heard again

  @BRIDGE-05
  Scenario: Whatever hangs, calls of the bridge settle in time, and go on afterwards
    Given the desktop shell
    When a user writes notes in the window, and 20 callers call each function at once
    And the main process is silent, and the user writes on
    And the issuer takes refreshes and never answers, and the user writes on
    And the connection to the issuer breaks in the middle of a refresh
    And the store blocks
    And a refresh is answered after another user has signed in
    And the store breaks in the hands of who holds the session's lock
    And the user signs out while the main process is silent
    Then BRIDGE-05.E1 holds: every call settles within its limit, by its value or a typed error
    And BRIDGE-05.E2 holds: once nothing hangs any more, the next call of each function succeeds
    And BRIDGE-05.E3 holds: what comes late changes no session, and no call is answered twice
    And BRIDGE-05.E4 holds: the window goes on meanwhile
    And BRIDGE-05.E5 holds: notes that are written meanwhile are shown at once, and saved afterwards

  @BRIDGE-06
  Scenario: Windows go nowhere else, renderers are confined, and nothing from outside opens the shell up
    Given the desktop shell
    When script leads the window to {elsewhere}, https://evil.test/, file:///etc/passwd and app://shell.evil.test/, and opens windows there
    And the shell is started in an environment that would open it up
    Then BRIDGE-06.E1 holds: every window has the required settings, and every renderer is confined by the system
    And BRIDGE-06.E2 holds: no window leaves the application, and none opens elsewhere
    And BRIDGE-06.E3 holds: no port is open and no foreign code runs

  @BRIDGE-07
  Scenario: The system's browser is opened at the issuer and at the help pages, and nowhere else
    Given the desktop shell
    When a compromised renderer asks by message, by a new window and by a link for these addresses and for a help page
      | address                           |
      | file:///etc/passwd                |
      | smb://help.localhost/share        |
      | ms-msdt:/id                       |
      | javascript:alert(1)               |
      | x-custom://help.localhost/        |
      | http://help.localhost/            |
      | https://help.localhost.evil.test/ |
      | https://help.localhost@evil.test/ |
      | https://help.localhost:8443/      |
      | {another issuer}/authorize        |
      | https://auth.dev.localhost.evil.test/ |
      | {issuer}/authorize                |
    And the user begins to sign in
    And script leads the window to the issuer's login
    Then BRIDGE-07.E1 holds: it is opened at the issuer for a sign-in and at help pages only
    And BRIDGE-07.E2 holds: refusals are typed, and logged without what follows the origin
    And BRIDGE-07.E3 holds: nobody signs in inside a window of the application

  @BRIDGE-08
  Scenario: The port for the answer to a sign-in lives no longer than the sign-in
    Given a native client with no sign-in under way
    When two sign-ins are begun and answered, one after the other
    And one is given up
    And one is not answered for 11 minutes
    Then BRIDGE-08.E1 holds: each has a loopback port of its own, which is there for the sign-in and no longer

  @BRIDGE-08
  Scenario: Of all that comes to the port only the genuine answer counts, and once
    Given a native client with no sign-in under way
    When these requests come to the port of a sign-in
      | case                      | how                    | parameters                   |
      | nothing                   | plain                  | none                         |
      | no state                  | plain                  | no state                     |
      | a wrong state             | plain                  | another state                |
      | an error                  | plain                  | an error without a state     |
      | a wrong path              | to /callback           | the right parameters         |
      | another wrong path        | to /complete           | the right parameters         |
      | a wrong host              | for the host evil.test | the right parameters         |
      | a wrong method            | by POST                | the right parameters         |
      | a page's fetch            | by a page's fetch      | the right parameters         |
      | a page's picture          | by a page's picture    | the right parameters         |
      | an access token           | plain                  | an access token as well      |
      | a refresh token           | plain                  | a refresh token as well      |
      | a token in the code's place | plain                | a token in place of the code |
    And 1000 requests of garbage come
    And the genuine answer comes, and after it a second one with another code
    Then BRIDGE-08.E2 holds: each is refused, and the genuine answer still signs in
    And BRIDGE-08.E3 holds: an answer that carries a token is refused
    And BRIDGE-08.E4 holds: the page that answers holds no credential and no script, and is not kept
    And BRIDGE-08.E5 holds: a second answer is refused and changes nothing

  @BRIDGE-09
  Scenario: The main process alone knows where credentials are sent
    Given the desktop shell
    When a compromised renderer names an attacker's addresses in messages of every kind
    And the user signs in again, and the shell works
    And the API redirects to the attacker by 302 and by 307
    Then BRIDGE-09.E1 holds: the attacker gets no credential
    And BRIDGE-09.E2 holds: all requests go to the configured hosts
    And BRIDGE-09.E3 holds: every such message is refused by a typed error

  @BRIDGE-10
  Scenario: A sign-out reaches every window and service
    Given the desktop shell
    When a user works in two windows, beside background and realtime services
    And he signs out while a request is under way
    And the next user signs in to the shell
    Then BRIDGE-10.E1 holds: nothing is sent for the session any more, and no late answer is shown
    And BRIDGE-10.E2 holds: all windows are told that nobody is signed in
    And BRIDGE-10.E3 holds: no object of the main process holds a token of the session
    And BRIDGE-10.E4 holds: the next user sees own data only
