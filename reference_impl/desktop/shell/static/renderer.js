// The renderer: shows the session, and asks the main process. It holds no token and knows no address.
"use strict";
const at = (id) => document.getElementById(id);
const WORDS = {
  NotAuthenticated: "Please sign in.", Timeout: "This took too long. Please try again.",
  Unavailable: "The service does not answer. Please try again in a moment.", Refused: "The app does not open this.",
};
let waits = false;

const say = (words) => { at("status").textContent = words; };

const show = async () => {
  const session = await shell.getSession();
  if (session.signed_in) waits = false;
  at("stage").textContent = at("stage").dataset.stage = session.stage;
  at("title").textContent = session.signed_in ? "Welcome" : "Sign in";
  at("storage-warning").hidden = !session.warning;
  at("warning").textContent = session.warning;
  at("who").hidden = at("sign-out").hidden = !session.signed_in;
  at("account").textContent = session.account;
  at("sign-in").hidden = session.signed_in || waits;
  at("cancel").hidden = session.signed_in || !waits;
  if (!session.signed_in) at("notes").replaceChildren();
  say(waits ? "Go on in your browser. This page follows when you are signed in." : "");
};

const doing = (act) => async () => {
  try { await act(); await show(); } catch (error) { say(WORDS[error.code] || "Something went wrong. Please try again."); }
};

at("sign-in").addEventListener("click", doing(async () => { await shell.signIn(); waits = true; }));
at("cancel").addEventListener("click", doing(async () => { await shell.cancelSignIn(); waits = false; }));
at("sign-out").addEventListener("click", doing(() => shell.signOut()));
shell.onChanged(doing(() => {}));
doing(() => {})();
