Feature: Operation, and the evidence itself
  An auditor need not believe the harness: what it leaves behind is complete, says nothing twice, gives no secret away,
  and shows every change.

  @OPS-01 @target:self
  Scenario: What is documented of the configuration is what the code reads
    When the variables, parameters and flags that the code reads are compared with the documentation
    And they are compared in a branch with an undocumented read, and in one with an orphan in the documentation
    Then OPS-01.E1 holds: both name the same
    And OPS-01.E2 holds: each entry tells stage, secrecy, default and rotation
    And OPS-01.E3 holds: both branches are found out, by the name of the variable

  @OPS-02 @stage:each @destructive
  Scenario: Keys and secrets are rotated without a failed request, and the old ones end
    Given users at a client without a secret and at one with a secret
    When they go on while every key and secret is rotated as planned
    And the signing key is rotated once more, and that is taken back while they go on
    And what the old keys and secrets are good for is tried after their end
    Then OPS-02.E1 holds: not one of their requests failed
    And OPS-02.E2 holds: a new key was published for as long as a verifier may keep the old ones before it signed
    And OPS-02.E3 holds: after its end the old key and the old secret are good for nothing

  @OPS-02 @stage:each @destructive
  Scenario: A key that is compromised is withdrawn at once
    Given a user who can log in
    When the signing key and the refresh key are withdrawn, because they are compromised
    Then OPS-02.E4 holds: what the withdrawn keys made is refused everywhere, and the service goes on

  @OPS-03 @stage:all @destructive
  Scenario: An operator ends the sessions of a user, and those of a stage
    Given ten live sessions of two users with names alike on two stages, some with an open realtime connection
    When an operator ends the sessions of one of them on one stage, and then all on that stage
    And the log of the operations is read
    Then OPS-03.E1 holds: the addressed sessions are refused within a minute, in every way, and the others go on
    And OPS-03.E4 holds: the log tells who did what, and when

  @OPS-03 @stage:all @destructive
  Scenario: A user whose secure storage failed is led back to it
    Given a user whose desktop client finds no secure storage
    When the procedure for failed storage is followed, and the user starts again and signs in
    And the log of the operations is read
    Then OPS-03.E2 holds: the user is signed in again, with secure storage
    And OPS-03.E4 holds: the log tells who did what, and when

  @OPS-03 @stage:all @destructive
  Scenario: Events that the bus refused are delivered later
    Given logins whose events the bus refused
    When the procedure for lost events is followed
    And the log of the operations is read
    Then OPS-03.E3 holds: every lost event is delivered, once
    And OPS-03.E4 holds: the log tells who did what, and when

  @OPS-05 @target:self
  Scenario: Evidence is complete, reproducible and shows every change
    Given a finished run in which some expectations passed, some failed, some were not run and one scenario crashed
    When its evidence is audited as it is
    And its evidence is audited after each of these changes
      | change                                 |
      | one byte of the findings is other      |
      | one byte of the observations is other  |
      | one byte of the catalog is other       |
      | one byte of the journal is other       |
      | one byte of the statement is other     |
      | one byte of the envelope is other      |
      | one byte of a test result is other     |
      | one byte of an artifact is other       |
      | one byte of a large body is other      |
      | an artifact is replaced                |
      | an artifact is deleted                 |
      | a file is added                        |
      | a verdict is edited                    |
      | a line of the journal is dropped       |
      | another key signed it                  |
    And the same run is made again
    And its evidence is searched for every secret of the run
    Then OPS-05.E1 holds: every expectation has one verdict in every cell, and nothing that did not run is shown as passed
    And OPS-05.E2 holds: every change is found and its place is named
    And OPS-05.E3 holds: the second run gives the same verdicts and the same digests
    And OPS-05.E4 holds: no secret is in the evidence
