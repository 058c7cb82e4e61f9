Feature: Operation, and the evidence itself
  An auditor need not believe the harness: what it leaves behind is complete, says nothing twice, gives no secret away,
  and shows every change.

  @OPS-02 @stage:each
  Scenario: Keys and secrets are rotated without a failed request, and the old ones end
    Given users at a client without a secret and at one with a secret
    When they go on while every key and secret is rotated as planned
    And the signing key is rotated once more, and that is taken back while they go on
    And what the old keys and secrets are good for is tried after their end
    Then OPS-02.E1 holds: not one of their requests failed
    And OPS-02.E2 holds: a new key was published for as long as a verifier may keep the old ones before it signed
    And OPS-02.E3 holds: after its end the old key and the old secret are good for nothing

  @OPS-02 @stage:each
  Scenario: A key that is compromised is withdrawn at once
    Given a user who can log in
    When the signing key and the refresh key are withdrawn, because they are compromised
    Then OPS-02.E4 holds: what the withdrawn keys made is refused everywhere, and the service goes on

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
