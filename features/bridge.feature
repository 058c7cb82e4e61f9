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
