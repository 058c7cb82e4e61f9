// A sign-out, in all tabs: the user's page is gone at once and nothing of it is kept here, whatever the server answers.
// The server is told until it has answered, by whatever page of this origin is open then.

import { dropAll, isAnyLeft } from "/assets/local_data.js";
import { login, request } from "/assets/transport.js";

const SIGNING_OUT = "authassay-signing-out"; // in the local storage: the session of which the server is to be told
const LIMIT = 12_000; // milliseconds for the server's answer
const CLOSED = 1_000; // milliseconds for what the page does by itself: a tab that sleeps may hold it up
const AGAIN = 3_000; // milliseconds until it is asked again
const OUT = "You are signed out.";
const OWED = "You are signed out here, but the server could not be told: it did not answer. It will be told as soon as it does.";

const channel = new BroadcastChannel("authassay-leaving"); // it reaches a tab that sleeps when it wakes up
const isSomebodys = document.body.hasAttribute("data-somebodys"); // the page shows something of a signed-in user
let close = async () => {};
let leaving = isOwed();
let timer = null;

// `closing` ends what this page does by itself; it is called when the user signs out, in whatever tab.
export function whenLeaving(closing) {
  close = closing;
}

// Whether the user is signing out, or has done so since this page was loaded.
export function isLeaving() {
  return leaving;
}

// Sign out. `handle` names the session: another, which may have begun when the server is told, goes on.
export async function leave(handle) {
  localStorage.setItem(SIGNING_OUT, handle ?? "");
  channel.postMessage("leaving");
  await cover(OUT);
  await finish();
}

// The session has come to its end: the page and its data go, and nobody is told.
export async function end(words) {
  await cover(words);
  await dropAll();
}

async function finish() {
  clearTimeout(timer);
  const [answer] = await Promise.all([tell(), dropAll()]);
  if (answer !== null) {
    localStorage.removeItem(SIGNING_OUT);
    channel.postMessage("left");
    const left = await isAnyLeft();
    if (isSomebodys) go(left ? login("data-kept") : answer.url || login("signed-out"));
    return;
  }
  if (isSomebodys) await cover(OWED);
  timer = setTimeout(goOn, AGAIN);
}

// The server's answer: the page that it leads to, and in its headers that nothing is to be kept. Null where there is none.
async function tell() {
  const limit = new AbortController();
  const late = setTimeout(() => limit.abort(), LIMIT);
  try {
    const body = new URLSearchParams({ session: localStorage.getItem(SIGNING_OUT) });
    const answer = await request("/logout", { method: "POST", body, signal: limit.signal });
    return answer.ok ? answer : null;
  } catch {
    return null;
  } finally {
    clearTimeout(late);
  }
}

// Show nothing of the user any more, and end what this page does.
async function cover(words) {
  leaving = true;
  const heading = Object.assign(document.createElement("h1"), { textContent: "Signed out" });
  const told = Object.assign(document.createElement("p"), { textContent: words, role: "status" });
  const link = Object.assign(document.createElement("a"), { id: "sign-in-again", href: login(), className: "button" });
  link.textContent = "Sign in";
  document.querySelector("main").replaceChildren(heading, told, link);
  document.documentElement.hidden = false;
  await Promise.race([close(), new Promise((resolve) => setTimeout(resolve, CLOSED))]);
}

// Whether the server is still to be told.
function isOwed() {
  return localStorage.getItem(SIGNING_OUT) !== null;
}

// Leave this page; without a network it stays, empty as it is, until there is one.
function go(place) {
  if (navigator.onLine) location.replace(place);
  else addEventListener("online", () => location.replace(place), { once: true });
}

async function goOn() {
  if (isOwed()) await finish();
}

async function resume() {
  if (isSomebodys) await cover(OUT);
  await finish();
  document.documentElement.hidden = false;
}

channel.addEventListener("message", async ({ data }) => {
  if (!isSomebodys) return;
  if (data === "leaving") await cover(OUT);
  if (data === "left") go(login("signed-out"));
});
addEventListener("online", goOn);

// A page that comes out of the browser's cache of pages is asked for anew before anything of it is seen.
addEventListener("pagehide", () => {
  if (isSomebodys) document.documentElement.hidden = true;
});
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted || !isSomebodys) return;
  document.body.replaceChildren();
  location.reload();
});

if (leaving) resume();
