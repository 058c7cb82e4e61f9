Feature: Tokens
  The issuer hands out tokens only to the client and user who asked for them, only once, and takes them back when
  something is wrong.

  @TOKEN-01 @stage:each
  Scenario: Only a code request with an S256 challenge is answered with a code
    Given the registered public clients
    When each client sends these code requests, and logs in wherever it is let
      | case                         | code_challenge | code_challenge_method | besides  | state           |
      | no challenge                 | absent         | absent                | nothing  | sent and absent |
      | the method plain             | as it should   | plain                 | nothing  | sent and absent |
      | a challenge without method   | as it should   | absent                | nothing  | sent and absent |
      | the method s256              | as it should   | s256                  | nothing  | sent and absent |
      | a 42-character challenge     | 42 characters  | S256                  | nothing  | sent and absent |
      | no challenge, but a nonce    | absent         | absent                | nonce    | sent and absent |
      | no challenge, but a DPoP key | absent         | absent                | dpop_jkt | sent and absent |
      | a valid request              | as it should   | S256                  | nothing  | sent            |
    Then TOKEN-01.E1 holds: every bad request is refused with invalid_request and the state it came with, and never a code
    And TOKEN-01.E2 holds: the metadata names S256 and nothing else
    And TOKEN-01.E3 holds: the valid request is answered with a code

  @TOKEN-02 @stage:each
  Scenario: A code is of use only with its verifier, to its client, for its redirect URI
    Given a user who can log in
    When codes of each client are redeemed with these mistakes, and each code then once more as it should be
      | mistake                          |
      | no verifier                      |
      | an empty verifier                |
      | a verifier with one bit changed  |
      | the verifier of a parallel login |
      | the challenge as verifier        |
      | by another client                |
      | another registered redirect URI  |
      | no redirect URI                  |
      | an empty redirect URI            |
    And each client asks for a code without a challenge, and redeems it with a verifier wherever it is given one
    Then TOKEN-02.E1 holds: every redemption with a mistake is refused with invalid_grant
    And TOKEN-02.E2 holds: after it the code is worth nothing any more, so nobody can go on guessing
    And TOKEN-02.E3 holds: no refusal gives a token away

  @TOKEN-03 @stage:each
  Scenario: A code is sent to a registered redirect URI and to no other
    Given the registered public clients
    When code requests name redirect URIs that differ from the registered one
    And a native client names its registered redirect URI with another port
    And requests with further mistakes name an unregistered redirect URI
    Then TOKEN-03.E1 holds: every changed redirect URI is answered with an error page and no redirect
    And TOKEN-03.E2 holds: the native client is let use another port
    And TOKEN-03.E3 holds: no mistake makes the issuer redirect to an unregistered URI

  @TOKEN-04 @stage:each
  Scenario: Tokens come from the token endpoint alone, and never for a password
    Given a user who can log in
    When each client asks for these response types, and logs in wherever it is let
      | response type       |
      | token               |
      | id_token token      |
      | code token          |
      | code id_token token |
    And each client asks for tokens by the user's password, and by a grant type that nobody knows
    And the issuer is asked for its metadata
    Then TOKEN-04.E1 holds: every such request is refused as unsupported, and no redirect carries a token
    And TOKEN-04.E2 holds: the password and the unknown grant type are refused as unsupported, in JSON
    And TOKEN-04.E3 holds: the metadata names neither a response type that delivers tokens nor a grant for it

  @TOKEN-05 @stage:each
  Scenario Outline: A client takes the answer to a sign-in of its own, in the browser that began it, and once
    Given a <client> client that knows an honest issuer and an attacker's
    When the user signs in, and the same answer comes once more; and so does the attacker, with an account of his own
    And answers come without a state, with a random one, and with the attacker's code, to a sign-in of the user each
    And an answer comes 11 minutes after its sign-in began
    And the attacker's answer to a sign-in of his own comes to another browser
    And the answers to the sign-ins of two browsers are swapped
    Then TOKEN-05.E1 holds: none of these answers makes a token request that is of use
    And TOKEN-05.E2 holds: nobody is ever signed in as the attacker
    And TOKEN-05.E4 holds: each refusal is told to the user, and leads on to a new login

    Examples:
      | client  |
      | web     |
      | desktop |

  @TOKEN-05 @destructive
  Scenario Outline: The state of a sign-in cannot be guessed
    Given a <client> client that knows an honest issuer and an attacker's
    When the client begins 1000 sign-ins
    Then TOKEN-05.E3 holds: no state comes twice, and each holds 128 bits

    Examples:
      | client  |
      | web     |
      | desktop |

  @TOKEN-06 @stage:each
  Scenario: Every authorization response names its issuer
    Given the registered public clients
    When each client has a user log in, and has requests refused in several ways
    Then TOKEN-06.E2 holds: each response names the issuer of the metadata, which say that it does

  @TOKEN-06 @stage:each
  Scenario Outline: A client of two issuers does not mix them up
    Given a <client> client that knows an honest issuer and an attacker's
    When each issuer's own answer comes to where the client awaits it
    And these answers come to a sign-in of its own each, and the right one after it
      | case                     | sign-in at | answer                   | naming              |
      | the honest issuer's code | attacker   | the honest issuer's code | honest              |
      | another issuer named     | honest     | the honest issuer's code | attacker            |
      | no issuer named          | honest     | the honest issuer's code | nobody              |
      | an error without issuer  | honest     | an error                 | nobody              |
      | a trailing slash         | honest     | the honest issuer's code | honest with a slash |
    And each issuer's own answer comes to where the client awaits the other's
    Then TOKEN-06.E1 holds: none of these answers makes the client send a code anywhere, and each ends its sign-in
    And TOKEN-06.E3 holds: each issuer has its own address for answers, and one at the other's is refused

    Examples:
      | client  |
      | web     |
      | desktop |

  @TOKEN-07
  Scenario Outline: A client believes an ID token only if all of it is right
    Given a <client> client that knows an honest issuer and an attacker's
    When the other issuer answers sign-ins with a sound ID token, and with these mistakes
      | mistake                           |
      | no ID token                       |
      | no nonce                          |
      | the nonce of an earlier login     |
      | the audience of another client    |
      | an audience besides               |
      | the issuer of another stage       |
      | expired                           |
      | a wrong signature                 |
      | an unknown key                    |
      | no signature                      |
    And after each mistake the same sign-in is answered once more, as it should be
    Then TOKEN-07.E1 holds: nobody is signed in by any of these
    And TOKEN-07.E2 holds: the sign-in has ended, and a right answer comes too late for it
    And TOKEN-07.E3 holds: no access token that came with them was used

    Examples:
      | client  |
      | web     |
      | desktop |

  @TOKEN-08 @stage:each @destructive
  Scenario: An authorization code works once, and not for long
    Given a user who can log in
    When one code of each client is redeemed many times at once, round after round
    And a code is redeemed, its tokens are used, the code is redeemed again, and the tokens are used again
    And the same is done after the life of the codes, where the target promises to remember them so long
    And codes are redeemed one second before and two seconds after the end of their life
    Then TOKEN-08.E1 holds: in every round exactly one redemption succeeds
    And TOKEN-08.E2 holds: the second redemption is refused and takes the tokens of the first with it
    And TOKEN-08.E3 holds: the younger code is accepted and the older one refused

  @TOKEN-09 @stage:each @destructive
  Scenario: A refresh token is replaced whenever it is used
    Given a user who can log in
    When a session of each client is refreshed five times in a row
    And earlier refresh tokens, each of a session of its own, are presented after the reuse grace
    And the desktop client refreshes its session several times, is restarted, and refreshes it once more
    Then TOKEN-09.E1 holds: every refresh brings a new refresh token and says how long the access token lives
    And TOKEN-09.E2 holds: no earlier refresh token is accepted after the grace
    And TOKEN-09.E3 holds: the client keeps the newest refresh token and never sends an old one again

  @TOKEN-10 @stage:each @destructive
  Scenario Outline: A stolen refresh token ends its session, and only that
    Given a user with sessions at two clients, two of which have been refreshed
    When the first refresh token of one of them is presented again <when>
    And the last refresh token but one of the other is presented again after the reuse grace
    Then TOKEN-10.E1 holds: the stolen tokens are refused
    And TOKEN-10.E2 holds: the newest refresh token and the newest access token of those sessions are refused too
    And TOKEN-10.E3 holds: the other sessions go on, at another client and at the same
    And TOKEN-10.E4 holds: one event tells of the first reuse

    Examples:
      | when                                      |
      | just after the reuse grace                |
      | after half of the lifetime of the session |

  @TOKEN-11 @stage:each @destructive
  Scenario: Many refreshes at once, and one whose answer was lost, leave one line of refresh tokens
    Given a user who can log in
    And the lifetimes that are documented
    When a session of each client is refreshed 30 times at once, and all that came of it is used
    And a client whose answer was lost asks once more within the reuse grace
    And another client whose answer was lost asks once more after it
    Then TOKEN-11.E1 holds: all refreshes that succeeded gave the same successor, or only one succeeded
    And TOKEN-11.E2 holds: one live refresh token is left of the session
    And TOKEN-11.E3 holds: within the grace the lost answer can be had again, with the same successor
    And TOKEN-11.E4 holds: after the grace the same request is taken for theft

  @TOKEN-12 @stage:each
  Scenario: A refresh token is of use to its own client only, and for no more than was granted
    Given a user who can log in
    When refresh tokens, each of a session of its own, are presented like this, and then by their client as it should be
      | presented                       |
      | by another client               |
      | by nobody                       |
      | with an empty client id         |
      | by an unknown client            |
      | by one whose id begins with its |
      | by another client, just rotated |
      | with a wider scope              |
    Then TOKEN-12.E1 holds: whoever is not the token's client is refused
    And TOKEN-12.E2 holds: nobody gets a wider scope than was granted
    And TOKEN-12.E3 holds: its own client can still refresh the session

  @TOKEN-13 @stage:each
  Scenario: Access tokens are short-lived, and a session ends however often it is refreshed
    Given a user who can log in
    And the lifetimes that are documented
    When each client logs in and refreshes, and its access tokens are read
    And a session of each client is left idle past the inactivity limit, beside one that is in use
    And a session of each client is refreshed again and again until its absolute limit has passed
    Then TOKEN-13.E1 holds: access tokens live as long as the answer says, and no longer than an hour
    And TOKEN-13.E2 holds: the idle session is refused
    And TOKEN-13.E3 holds: the session ends at its absolute limit, counted from the login, and a new login is needed
    And TOKEN-13.E4 holds: the limits are documented, and justified where they exceed what NIST recommends

  @TOKEN-19 @stage:each
  Scenario: Logging out ends the session at the issuer, at the API and on open connections
    Given a user who is signed in at the web client and at the desktop client
    And an open realtime connection of each session, and another session of the user
    When the user logs out of each client
    And copies of its access token and its cookie are presented again
    And the connections are watched, and opened again with the copies
    Then TOKEN-19.E1 holds: the refresh token is refused as soon as the user is out
    And TOKEN-19.E2 holds: within a minute access token and cookie are refused, and the connection is closed for good

  @TOKEN-19 @stage:each
  Scenario: The endpoint for revocation takes back what is a client's own, and nothing else
    Given a user who can log in
    When the endpoint for revocation is looked for
    And each client revokes a refresh token and an access token of its own, also with the hint of another type or of none
    And each client revokes the tokens of another, and a token that nobody issued
    And each client names a token of its own in a GET request
    Then TOKEN-19.E3 holds: own tokens are dead, an unknown one is no error, those of others live on, and a GET is refused

  @TOKEN-19 @stage:each @destructive
  Scenario: A logout without a network is complete here, and made up for at the issuer
    Given a user who is signed in at the web client and at the desktop client
    When the user logs out of each client while the endpoint for revocation cannot be reached, until it can be again
    And the desktop client is restarted between such a logout and the return of the network
    Then TOKEN-19.E4 holds: nobody is signed in at the client, and the tokens are dead once the network is back

  @TOKEN-15 @stage:each
  Scenario: A token is taken by the algorithm of the issuer's key alone
    Given a user's access token, and an attacker who knows the issuer's public key
    When the token is presented as it is, and forged in these ways, at every route that takes one
      | forged                               |
      | the algorithm none                   |
      | the algorithm None                   |
      | the algorithm nONE                   |
      | the public key's PEM as secret       |
      | the same without its last line end   |
      | the public key's DER as secret       |
      | the public JWK as secret             |
      | the same with its members in order   |
      | an empty secret                      |
      | another algorithm over the signature |
      | another algorithm by another's key   |
      | the right algorithm by another's key |
      | no signature                         |
      | no third segment                     |
      | an edited payload                    |
      | the JSON serialisation               |
    Then TOKEN-15.E1 holds: every forgery is refused as an invalid token, at each of them
    And TOKEN-15.E2 holds: the token as it is is taken at each of them

  @TOKEN-16 @stage:each @destructive
  Scenario: What a token says of its key is not believed
    Given a user's access token, and an attacker who knows the issuer's public key
    When tokens of the attacker name keys in these ways, while he listens for whoever fetches them
      | hint                                        |
      | an unknown key id                           |
      | no key id                                   |
      | a path as key id                            |
      | a path as key id, an empty secret           |
      | SQL as key id                               |
      | SQL as key id, its answer as secret         |
      | a key id of 10,000 characters               |
      | a URL of keys                               |
      | a URL of a certificate                      |
      | a key                                       |
      | a key, and its id                           |
      | a certificate                               |
      | a URL of keys, the issuer's key id          |
      | a URL of a certificate, the issuer's key id |
      | a key, the issuer's key id                  |
      | a certificate, the issuer's key id          |
      | a critical extension                        |
    And the issuer's own key signs tokens that name an unknown key, or an extension that nobody knows
    And many tokens in a row name keys that nobody knows, and then the token is presented as it is
    Then TOKEN-16.E1 holds: every one of these tokens is refused
    And TOKEN-16.E2 holds: nobody comes to where the attacker listens
    And TOKEN-16.E3 holds: unknown keys make the API ask for the issuer's keys once in half a minute at most
    And TOKEN-16.E4 holds: the API goes on, and its logs tell of no error

  @TOKEN-21 @stage:each @destructive
  Scenario: An account belongs to one identity, whatever e-mail address comes with it
    Given an upstream provider that says what it is told to
    And an account that was made by a first login
    When the provider then asserts these identities, each at a login of its own
      | case                                          | upstream | subject  | e-mail           | verified |
      | another subject, unverified e-mail            | the same | another  | the same         | false    |
      | another subject, verified e-mail              | the same | another  | the same         | true     |
      | the same subject with another e-mail          | the same | the same | another          | true     |
      | another subject, e-mail in small letters      | the same | another  | in small letters | true     |
      | another subject, nothing said of the e-mail   | the same | another  | the same         | absent   |
      | the same subject of another upstream          | another  | the same | the same         | true     |
    Then TOKEN-21.E1 holds: no other identity reaches the account
    And TOKEN-21.E2 holds: the same identity reaches it, with another address too
    And TOKEN-21.E3 holds: an address that nobody verified opens no account but a new one

  @TOKEN-14 @stage:each
  Scenario: The API takes an access token in its time, give or take what clocks may differ by
    Given a user's access token, and the key that signed it
    When the API is sent tokens with these times
      | time                               | claim | value                         |
      | about to expire                    | exp   | now + 1                       |
      | just expired                       | exp   | now - 1                       |
      | expired half the leeway ago        | exp   | now - 30                      |
      | expired, and the leeway over       | exp   | now - leeway - 2              |
      | expired two minutes ago            | exp   | now - leeway - 60             |
      | expired five minutes ago           | exp   | now - leeway - 300            |
      | expired an hour ago                | exp   | now - 3600                    |
      | expired a day ago                  | exp   | now - 86300                   |
      | expired, the end with a fraction   | exp   | now - leeway - 60.5           |
      | without an end                     | exp   | absent                        |
      | an end that is text                | exp   | as text                       |
      | an end in milliseconds             | exp   | in milliseconds               |
      | an end beyond any lifetime         | exp   | now + lifetime + leeway + 60  |
      | not to be used yet                 | nbf   | now + leeway + 5              |
      | to be used now                     | nbf   | now - 1                       |
      | not to be used yet, by a fraction  | nbf   | now + leeway + 60.5           |
      | made tomorrow                      | iat   | now + 86400                   |
      | made just beyond the leeway        | iat   | now + leeway + 5              |
      | by a clock that is 5 minutes fast  | all   | now + 300                     |
      | by a clock that is 5 minutes slow  | all   | now - 300                     |
    Then TOKEN-14.E1 holds: a token that lives is taken, and one that expired is refused once the leeway is over
    And TOKEN-14.E2 holds: a token whose end is missing, no number, or out of proportion is refused
    And TOKEN-14.E3 holds: a token of the future is refused
    And TOKEN-14.E4 holds: the leeway is no longer than the policy allows

  @TOKEN-17 @stage:each
  Scenario: The API takes tokens for itself, and for nobody else
    Given a user's access token, and the key that signed it
    When the API is sent tokens for these audiences
      | audience                         |
      | its own                          |
      | a list with its own              |
      | a list without its own           |
      | another API                      |
      | a client                         |
      | its own with something after it  |
      | its own with something before it |
      | its own without the last letter  |
      | its own in other letters         |
      | its own with a slash             |
      | a text with its own in it        |
      | none                             |
      | an empty list                    |
      | a list of lists                  |
      | a number                         |
    And each client logs in, and its access tokens are read
    Then TOKEN-17.E1 holds: the first two are taken, and every other one is refused
    And TOKEN-17.E2 holds: the tokens of each client are for the API

  @TOKEN-18 @stage:each
  Scenario: Nothing but an access token is taken for one
    Given a user's session, with all the tokens of its login
    When each of these tokens is presented to the API
    And the issuer's own key signs the same claims as tokens of these types, and they are presented
      | type         |
      | at+jwt       |
      | JWT          |
      | secevent+jwt |
      | logout+jwt   |
      | dpop+jwt     |
      | none         |
    Then TOKEN-18.E1 holds: only the access token is taken

  @TOKEN-18
  Scenario Outline: No client takes an access token for an ID token
    Given a <client> client that knows an honest issuer and an attacker's
    When the other issuer answers sign-ins with a sound ID token, and with an access token in its place
      | access token                                   |
      | the access token                               |
      | an access token for the client, with the nonce |
    Then TOKEN-18.E2 holds: nobody is signed in by an access token

    Examples:
      | client  |
      | web     |
      | desktop |

  @TOKEN-20 @stage:each @destructive
  Scenario: A disabled account has no access left
    Given a user with a session at each client, and an open realtime connection of each
    When the account is disabled, and its tokens are used until they are refused
    And the account is enabled again, and what is stored for its user is read
    Then TOKEN-20.E1 holds: while it is disabled no session can be refreshed
    And TOKEN-20.E2 holds: within a minute every route refuses its tokens and tells nothing, and connections are closed
    And TOKEN-20.E3 holds: what is sent with its tokens is not stored

  @TOKEN-22 @stage:each
  Scenario: A token that is bound to a key is of no use without it
    Given a user's session at each public client, with tokens bound to a key
    When each access token is used with a proof, and with these instead of it, at every route that takes one
      | instead                          |
      | no proof                         |
      | as a bearer token                |
      | as a bearer token with its proof |
      | a proof of another key           |
      | a proof for another method       |
      | a proof for another URL          |
      | a proof for another token        |
      | a proof for no token             |
      | a proof of an hour ago           |
      | a proof from tomorrow            |
      | a proof without a time           |
      | a proof without an id            |
      | a token of another type          |
      | a proof signed by another key    |
      | the same proof again             |
    And its refresh token is used with a proof, and with these instead of it
      | instead                       |
      | no proof                      |
      | a proof of another key        |
      | a proof for another method    |
      | a proof for another URL       |
      | a proof of an hour ago        |
      | a proof signed by another key |
      | the same proof again          |
    Then TOKEN-22.E1 holds: without a proof that holds nothing is to be had
    And TOKEN-22.E2 holds: with its proof the token is taken, and it names the key
    And TOKEN-22.E3 holds: no other key refreshes the session
