Feature: Stages
  Development, staging and production are kept apart: each knows which one it is, and none believes another.

  @STAGE-01
  Scenario: A server that does not know its stage does not serve
    Given a configuration that is complete for production
    When the server is started with each of these stages
      | case                | stage             |
      | no stage at all     | absent            |
      | an empty stage      | ""                |
      | an abbreviation     | "prd"             |
      | capital letters     | "PROD"            |
      | a space at the end  | "prod "           |
      | a longer name       | "production-test" |
      | another name for it | "production"      |
      | the stage as it is  | "prod"            |
    Then STAGE-01.E1 holds: with none of the seven wrong stages does it become ready, or hand out a code or a token
    And STAGE-01.E2 holds: each time it names the value that it refused and the stages that it would accept
    And STAGE-01.E3 holds: no wrong stage makes it answer for any issuer
    And STAGE-01.E4 holds: with the right stage it is ready

  @STAGE-04 @stage:all
  Scenario: Each stage has one issuer identifier and keeps to its own hosts
    Given the three stages, side by side
    When each stage is asked for its metadata
    And a user logs in and refreshes the session on each stage
    And on each stage a login ends well, is declined, and is asked for wrongly
    And staging and production are spoken to without encryption
    Then STAGE-04.E1 holds: metadata and tokens name the issuer that is configured, letter by letter
    And STAGE-04.E2 holds: every endpoint in the metadata is on the issuer's own origin
    And STAGE-04.E3 holds: the three issuers differ, and none begins with another
    And STAGE-04.E4 holds: users are sent to hosts of the same stage only
    And STAGE-04.E5 holds: without encryption there is neither metadata nor a code nor a token

  @STAGE-05 @stage:each
  Scenario: An issuer does not let its requesters tell it who it is
    Given a login that nobody disturbs
    When the same is done by a requester who sends each of these headers with every request
      | header             |
      | Host               |
      | X-Forwarded-Host   |
      | X-Forwarded-Server |
      | X-Forwarded-Proto  |
      | X-Forwarded-Port   |
      | X-Forwarded-Prefix |
      | Forwarded          |
      | all but Host       |
      | all of them        |
    Then STAGE-05.E1 holds: every answer carries the configured issuer or is a refusal, and none repeats the other host
    And STAGE-05.E2 holds: tokens that are given out meanwhile name the configured issuer
    And STAGE-05.E3 holds: tokens are verified as they are without the headers

  @STAGE-07 @stage:all
  Scenario: What one stage has handed out is worth nothing at another
    Given the three stages, side by side
    And a user who is logged in to the web application of each stage
    When tokens, codes and cookies of each stage are presented to each other stage
    And the same is done while each stage knows the public keys of the other
    Then STAGE-07.E1 holds: the other stage's API refuses every access token as invalid
    And STAGE-07.E2 holds: the other stage refuses every refresh token and every code, and at home they still work
    And STAGE-07.E3 holds: to the other stage's web application the cookie is the cookie of a stranger
    And STAGE-07.E4 holds: no bus tells of a login for any of it

  @STAGE-06 @stage:all
  Scenario: No key is used by more than one stage
    Given the three stages, side by side
    When each stage publishes its keys
    And what each stage gives to browsers, in the middle of a login and after it, is presented to each other stage
    Then STAGE-06.E1 holds: no key is published by two stages, a retired one neither
    And STAGE-06.E2 holds: no two stages call a key the same
    And STAGE-06.E3 holds: to each stage a cookie of another is worth what no cookie is
    And STAGE-06.E4 holds: what is published are public keys

  @STAGE-10 @stage:all
  Scenario: Each stage knows its own redirect URIs, clients and audiences, and no others
    Given the three stages, side by side
    When each stage is asked for a code by its own clients, rightly
    And it is asked with each redirect URI and each client that is registered at another stage
    And it is asked with redirect URIs on which an answer would travel unencrypted
    And a code of each stage is redeemed for the API of each other stage
    Then STAGE-10.E1 holds: a redirect URI or a client of another stage is answered with an error page and no redirect
    And STAGE-10.E2 holds: no answer is sent unencrypted, but for a native client to the loopback address
    And STAGE-10.E3 holds: nobody is given a token for the API of another stage

  @STAGE-02
  Scenario: A server that lacks a secret names it, does not serve, and takes no other stage's
    Given a store that holds the secrets of all stages
    When a development server is started without one secret after another, which is missing, and then empty
    Then STAGE-02.E1 holds: no such start comes to serve
    And STAGE-02.E2 holds: each time its error names that secret and no other
    And STAGE-02.E3 holds: nothing of another stage was asked of the store
    And STAGE-02.E4 holds: nothing that it said holds a secret of any stage

  @STAGE-03
  Scenario: What is built holds the values of its own stage, and no secret
    Given a build machine that holds secrets of every stage
    When the clients of each stage are built, and all that comes out is unpacked and searched
    Then STAGE-03.E1 holds: builds for development and staging hold nothing of production
    And STAGE-03.E2 holds: no build holds a secret of its own stage
    And STAGE-03.E3 holds: no log of a build tells a secret
    And STAGE-03.E4 holds: all values of a stage that are found belong to the stage of the build

  @STAGE-08 @stage:all
  Scenario: Who goes to another stage leaves his session behind, and takes no credential along
    Given a client that knows two stages, and works beside its user, who is logged in at the first
    When the user goes to the other stage, a minute passes, and he logs in there
    And he goes back, and a minute passes
    And credentials of the same account are stored for both stages
    Then STAGE-08.E1 holds: no host gets a credential of the other stage, and from five seconds after it was left none at all
    And STAGE-08.E2 holds: the client asks first, then nobody is logged in, and one logout for each switch is told
    And STAGE-08.E3 holds: what is stored is named by its stage, and neither overwrites the other's

  @STAGE-08 @stage:all
  Scenario: A client that dies on the way to another stage is in one of them
    Given clients that are logged in at one stage, each in a session of its own
    When each is killed at another step of going to the other stage, and starts again
    Then STAGE-08.E4 holds: each is at one of the two, and holds and sends credentials of that stage or none

  @STAGE-09
  Scenario: What is built for production cannot be led elsewhere, and no build takes an address
    Given the clients of production as they are packed
    When they are started by somebody who wants them to use an issuer of his own, and a login is begun
    And the selector of an internal build is tried with its own stages, with others, and with addresses
    Then STAGE-09.E1 holds: nothing reaches the address that they were to be led to
    And STAGE-09.E2 holds: the logins go to the issuer that they were built for
    And STAGE-09.E3 holds: the selector offers the stages of its build, and takes no other value
