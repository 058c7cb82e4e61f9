Feature: Web client
  The browser holds an opaque cookie and nothing else of the session: no token ever reaches the page.

  @WEB-01 @stage:each @browser:each
  Scenario: The cookies of a session are opaque and stay where they belong
    Given a browser in which nobody is signed in
    When the user logs in, the session is renewed, and all cookies are noted
    And other addresses of the same site are visited
    And the user logs out
    Then WEB-01.E1 holds: every cookie has a host-bound name, Secure, HttpOnly, SameSite, the path / and no domain, whenever it is set
    And WEB-01.E2 holds: page script does not see them, and neither a sibling name nor plain http is sent them
    And WEB-01.E3 holds: no cookie holds a readable name, e-mail address or token, or is longer than 4096 bytes
    And WEB-01.E4 holds: the logout deletes the cookies of the session, with their own attributes, and they are gone

  @WEB-02 @stage:each @browser:each
  Scenario: No token ever reaches the page
    Given a browser in which nobody is signed in
    When the user logs in and everything that page script can reach is searched for tokens
    And the session is renewed twice and all is searched again
    And the page is loaded again and all is searched once more
    And the client's other pages are opened and all is searched there
    Then WEB-02.E1 holds: on no page is a token in a storage, a cookie, the document or its data
    And WEB-02.E2 holds: on no page is a token in an answer, a message or a variable
    And WEB-02.E3 holds: the reloaded page is still signed in, and again holds no token

  @WEB-05 @stage:each
  Scenario: An access token counts in the Authorization header and nowhere else
    Given a user's session at an API that keeps an access log
    When its access token is presented as it should be, and by the scheme in other letters
    And it comes to every route of the API in these places only
      | place                       |
      | access_token in the query   |
      | authorization in the query  |
      | access_token in a form      |
      | a header of its own         |
      | a cookie                    |
    And it comes in the header and in the query at once, and in one of two headers
    And the access log of all that is read
    Then WEB-05.E1 holds: a token that comes anywhere else is refused
    And WEB-05.E2 holds: beside a header nothing else counts, and of two headers none is picked because its token is good
    And WEB-05.E3 holds: the access log holds no token
    And WEB-05.E4 holds: the header is taken, in whatever letters its scheme comes

  @WEB-09 @stage:each
  Scenario: What holds credentials or somebody's data may be kept by nobody on its way
    Given a user who can log in
    When each client asks the issuer's endpoints, rightly and wrongly
    And the API is asked with a token, and every page and address of the web client with its session
    And all that holds data is asked for through a shared cache, with credentials and then without
    Then WEB-09.E1 holds: each such answer, also a refusal or a redirect, says no-store, and tokens come as JSON with their type
    And WEB-09.E3 holds: a shared cache gives nobody what a user was answered

  @WEB-09 @browser:each
  Scenario: The caches of a browser hold nothing of a session
    Given a browser that keeps its profile on disk, in which nobody is signed in
    When the user logs in, sees every page, and the browser is ended and its caches are searched
    Then WEB-09.E2 holds: neither its disk cache nor its Cache Storage holds a credential, a pseudonym or the user's name
