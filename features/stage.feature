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
