Feature: A rehearsal

  @REHEARSAL-01
  Scenario: A login
    When somebody logs in at the rehearsal target
    And somebody reads its long terms
    Then REHEARSAL-01.E1 holds: the answer has an access token
    And REHEARSAL-01.E2 holds: the cookie is secure

  @REHEARSAL-02
  Scenario: Something that is not here
    When somebody logs in at the rehearsal target
    And somebody asks for a printer
    Then REHEARSAL-02.E1 holds: it prints

  @REHEARSAL-02
  Scenario: Something that crashes
    When somebody logs in at the rehearsal target
    And something crashes
    Then REHEARSAL-02.E2 holds: it ends
