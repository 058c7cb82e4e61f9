Feature: Settings and internal tools
  Environment selector and debug page are for internal users of builds that are not production's.

  @SETTINGS-01 @browser:each
  Scenario: A production build has neither environment selector nor debug page
    Given a user's browser at production, and an internal user's at another stage
    When the internal user turns the tools on, to show what they look like
    And the user at production tries to come to them in these ways
      | way                |
      | the settings       |
      | its addresses      |
      | the path           |
      | a slash at its end |
      | capitals           |
      | an encoded letter  |
      | the fragment       |
      | a deep link        |
      | the settings' path |
      | the desktop's path |
      | the shortcuts      |
    And the packed clients of production are searched for what makes the tools up
    Then SETTINGS-01.E1 holds: there are no such addresses, and no trace of the tools in any page
    And SETTINGS-01.E3 holds: what makes them up is in no artifact

  @SETTINGS-01
  Scenario: The bridge of a production build has no function for debugging
    Given the desktop shell of a production build
    When script looks for functions that debug or change the stage
    And messages are sent on channels that debug or change the stage
    Then SETTINGS-01.E2 holds: there are no such functions, and no such channel is answered

  @SETTINGS-02 @browser:each
  Scenario: Nobody makes himself internal
    Given a user's browser at a stage that is not production
    When the user tries to make himself internal by each of these
      | by                     |
      | nothing                |
      | a query parameter      |
      | local storage          |
      | session storage        |
      | a cookie               |
      | headers                |
      | the environment        |
      | an altered answer      |
      | a token with the claim |
    Then SETTINGS-02.E1 holds: no page has the tools, and all that is behind them is refused

  @SETTINGS-02 @browser:each
  Scenario: Who is internal no more loses the tools within a minute
    Given an internal user's browser at a stage that is not production
    When the user turns the tools on, off, and on again
    And he is internal no more, and the page stays open for 60 seconds
    Then SETTINGS-02.E2 holds: the page and all that is behind it have lost them
    And SETTINGS-02.E3 holds: it is recorded who turned them on and off, when, and at which stage

  @SETTINGS-03 @browser:each
  Scenario: Debug information tells how things stand, and no secret
    Given an internal user's browser at a stage that is not production
    When the user turns the tools on, after the session was renewed
    And the debug page is read, unfolded and searched, and what it copies, saves and was answered
    Then SETTINGS-03.E1 holds: no secret and nothing personal is in any of it
    And SETTINGS-03.E2 holds: it tells stage, issuer, client, storage, expiry and the last refresh
    And SETTINGS-03.E3 holds: of each variable it tells whether it is set
