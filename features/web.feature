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

  @WEB-03
  Scenario: What a browser keeps of a session ends with it, at the next start
    Given a signed-in user with notes, in a browser whose clock can be set
    When it is seen until when each database may be kept
    And the browser is ended, the session comes to its end, and it is started again without a network and with one
    Then WEB-03.E1 holds: each ends with the session, or before
    And WEB-03.E2 holds: nothing of his is shown or sent any more, and two seconds after the start nothing is kept

  @WEB-03
  Scenario: A page that is open ends with its session, also without a network
    Given a signed-in user with notes, in a browser whose clock can be set
    When he writes without a network, and the session comes to its absolute end
    Then WEB-03.E3 holds: the page shows nothing of his, and keeps and sends nothing

  @WEB-03
  Scenario: Neither a clock that is set back nor an end that was altered outlasts the server's limit
    Given a signed-in user with notes, in a browser whose clock can be set
    When the session comes to its end while the browser's clock is set back two hours, and it meets the server again
    And he signs in again, and the noted ends are altered before the session comes to its end
    Then WEB-03.E4 holds: when the server refuses, the page goes, and nothing is kept

  @WEB-04 @browser:each
  Scenario: A login leaves no credential in addresses, in the history or with others
    Given a browser whose every request is noted, and the access logs of all servers
    When the user gives a login up, and then completes one
    And he goes back two pages, and forward again
    And he follows a link to somebody else's site
    Then WEB-04.E1 holds: no token is in any address, in the history or in an access log
    And WEB-04.E2 holds: the address bar shows no code, and going back redeems none again
    And WEB-04.E3 holds: nobody is told of code, state or token, and no third party is asked

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

  @WEB-06 @browser:each
  Scenario: Other people's pages cannot act with a session
    Given a signed-in user whose browser also shows pages of an attacker
    When a page of another site tries to log the user out in these ways, and by the plainest all that a session does
      | sender     | way                                     |
      | cross-site | a form                                  |
      | cross-site | a form of plain text                    |
      | cross-site | a form of several parts                 |
      | cross-site | a script's simple request               |
      | cross-site | a script's request with JSON            |
      | cross-site | a beacon                                |
      | cross-site | an image                                |
      | cross-site | a HEAD request                          |
      | cross-site | a form that takes the window            |
      | cross-site | a link                                  |
      | null       | a sandboxed form                        |
    And a request that bears the cookie and says this of its sender tries to log the user out in these ways, and by the plainest all that a session does
      | sender     | way                                     |
      | unnamed    | nothing                                 |
      | unnamed    | no origin, without metadata             |
      | unnamed    | another origin                          |
      | unnamed    | an origin that begins like its own      |
      | unnamed    | an empty origin                         |
      | unnamed    | a sibling                               |
    And a page of another name of the same site tries to log the user out in these ways, and by the plainest all that a session does
      | sender     | way                                     |
      | sibling    | a form                                  |
      | sibling    | a script's simple request               |
      | sibling    | a script's request with JSON            |
      | sibling    | a beacon                                |
      | sibling    | an image                                |
      | sibling    | a form that takes the window            |
      | sibling    | a link                                  |
    And the user's own pages do the same as users do
    Then WEB-06.E1 holds: each such request from elsewhere is refused and changes nothing, and the session goes on
    And WEB-06.E2 holds: so is each from a sibling name of the same site
    And WEB-06.E4 holds: what the client's own pages do is done

  @WEB-06 @stage:each
  Scenario: Pages of another origin may read nothing that credentials get
    Given a user who can log in
    When pages of another origin ask whether they may read the web client, the API and the authorization endpoint
    Then WEB-06.E3 holds: no answer lets them read what credentials get, and the authorization endpoint none at all

  @WEB-07 @browser:each
  Scenario: A login gives the session an identifier that nobody had before
    Given a browser into which an attacker can plant cookies
    When the user logs in where the attacker has planted the cookies of a sign-in that he began himself
    And the user logs in once more while still signed in
    And the user logs in where an identifier is planted that nobody was ever given
    And 1000 identifiers of new sessions are compared
    Then WEB-07.E1 holds: the identifier is a new one at each login, and none of before is signed in
    And WEB-07.E2 holds: an identifier that was made up is not adopted
    And WEB-07.E3 holds: identifiers do not repeat, hold 128 bits or more, and do not begin alike

  @WEB-08 @stage:each
  Scenario: A session of the web client ends without its user, and at the end of its time
    Given web sessions of users, and the limits that are documented for them
    When the inactivity limit passes, in which one user does nothing, one's page polls, and two look at pages
    And one user goes on looking at pages until the absolute limit
    Then WEB-08.E1 holds: without its user a session ends at the inactivity limit, whatever its page does by itself
    And WEB-08.E2 holds: an active one ends at the absolute limit, and a new login is needed
    And WEB-08.E3 holds: looking at a page begins the inactivity limit anew, and nothing else
    And WEB-08.E4 holds: the limits are those that are documented

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

  @WEB-10
  Scenario: A logout is complete in the browser, in all its tabs
    Given a signed-in user with notes, whose cookie somebody has copied
    And he has other tabs open: one with his notes, one that sleeps, one without a network, and a window with his settings
    When he has been at his settings, is back at his notes, and signs out
    And he goes back and forward, and opens a tab again that was closed
    And the tab that slept wakes up, and the other one has its network again
    And another user signs in
    Then WEB-10.E1 holds: the copied cookie is worth nothing
    And WEB-10.E2 holds: no cookie, storage, database or cache holds anything of the user's
    And WEB-10.E3 holds: going back or forward shows nothing of his, from whatever cache
    And WEB-10.E4 holds: every other tab is signed out within five seconds, or when it wakes up, and sends no credential and no edit any more

  @WEB-10 @destructive
  Scenario: A logout is complete here when nobody can be told of it, and told later
    Given a signed-in user with notes, whose cookie somebody has copied
    When he signs out while the web client answers nobody, and it answers again
    And he signs in again, signs out while the issuer cannot be asked to revoke anything, and it can be asked again
    Then WEB-10.E5 holds: nothing of his is left here each time, and the session is revoked later

  @WEB-11 @stage:each
  Scenario: Every page has a policy that lets nothing foreign run, load or frame it
    Given a user who can log in
    When every page of the web client and of the issuer is asked for, error pages included
    Then WEB-11.E1 holds: each has a strict policy

  @WEB-11 @browser:each
  Scenario: A browser holds pages to their policy
    Given a signed-in user, and somebody who can put things into pages
    When these are put into the user's page
      | what                       |
      | an inline script           |
      | an inline handler          |
      | a script's eval            |
      | a script of another host   |
      | a base element             |
      | a request to another host  |
      | a request to another stage |
    And a page of another origin frames these pages
      | page               |
      | home               |
      | settings           |
      | login              |
      | error              |
      | the issuer's login |
    Then WEB-11.E2 holds: none of it runs or is sent, and each attempt is reported
    And WEB-11.E3 holds: no page of another origin shows them in a frame

  @WEB-11
  Scenario: A desktop shell holds its page to a policy, too
    Given the desktop shell
    When these are put into the page of the shell's window
      | what                     |
      | an inline script         |
      | an inline handler        |
      | a script's eval          |
      | a script of another host |
      | a base element           |
      | a request to another host |
    Then WEB-11.E2 holds: none of it runs or is sent, and each attempt is reported

  @WEB-12 @stage:each
  Scenario: A login, a logout and an error lead to the client's own pages only
    Given a user who can log in
    When the user logs in, logs out and meets an error, while every parameter asks for one of these places
      | place                           |
      | two slashes                     |
      | a slash and a backslash         |
      | a scheme without slashes        |
      | another scheme without slashes  |
      | its own host as a user name     |
      | encoded slashes                 |
      | a tab between the slashes       |
      | another host                    |
      | a host that begins like its own |
      | javascript                      |
      | data                            |
      | a line end and a header         |
      | very long                       |
    And a page of the client's own is asked for by a user who is to log in, and by one who is signed in
    Then WEB-12.E1 holds: nobody is led to a place that is not the client's own
    And WEB-12.E2 holds: no script is gone to, and no header injected
    And WEB-12.E3 holds: the client's own page is gone to
