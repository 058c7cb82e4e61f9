// The renderer: shows the session, and asks the main process. It holds no token and knows no address. The notes of a
// session are in one document: after its end the page is empty, and the next session has it loaded anew.
"use strict";
const at = (id) => document.getElementById(id);
const WORDS = {
  NotAuthenticated: "Please sign in.", Timeout: "This took too long. Please try again.",
  Unavailable: "The service does not answer. Please try again in a moment.", Refused: "The app does not open this.",
};
const SIGNING_OUT = "authassay-signing-out"; // leaving.js: the server is still to be told
let waits = false, begun = null; // the number of the session whose notes are here

const say = (words) => { if (at("status")) at("status").textContent = words; }; // an empty page says it all

const show = async () => {
  const session = await shell.getSession();
  if (begun !== null) return await follow(session);
  if (session.signed_in) waits = false;
  at("stage").textContent = at("stage").dataset.stage = session.stage;
  at("title").textContent = session.signed_in ? "Welcome" : "Sign in";
  at("storage-warning").hidden = !session.warning;
  at("warning").textContent = session.warning;
  at("who").hidden = at("leave").hidden = !session.signed_in;
  at("account").textContent = session.account;
  at("sign-in").hidden = session.signed_in || waits;
  at("cancel").hidden = session.signed_in || !waits;
  say(waits ? "Go on in your browser. This page follows when you are signed in." : "");
  if (session.signed_in) await begin(session);
  else localStorage.removeItem(SIGNING_OUT); // main ends what it owes to the issuer by itself
};

const begin = async (session) => {
  begun = session.number;
  document.body.dataset.somebodys = document.body.dataset.session = begun;
  try { await import("/assets/sync.js"); } catch {
    at("leave").addEventListener("submit", (event) => { event.preventDefault(); shell.signOut(); });
    say("Your notes cannot be shown.");
  }
};

// What has become of the session whose notes are here: the user may have signed out elsewhere.
const follow = async (session) => {
  if (session.number === begun && session.signed_in) {
    if (at("account")) at("account").textContent = session.account;
    return;
  }
  const { end, isLeaving } = await import("/assets/leaving.js");
  if (!isLeaving()) await end("You are signed out.");
  if (session.signed_in && localStorage.getItem(SIGNING_OUT) === null) location.reload();
};

const doing = (act) => async () => {
  try { await act(); await show(); } catch (error) { say(WORDS[error.code] || "Something went wrong. Please try again."); }
};

at("sign-in").addEventListener("click", doing(async () => { await shell.signIn(); waits = true; }));
at("cancel").addEventListener("click", doing(async () => { await shell.cancelSignIn(); waits = false; }));
shell.onChanged(function changed() { show().catch(() => setTimeout(changed, 1000)); }); // what has ended must go
doing(() => {})();
