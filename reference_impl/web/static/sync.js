// The notes of the signed-in user: kept in this browser by Replicache, and synced when the server can be reached.

import { json, Session } from "/assets/auth.js";
import { end, isLeaving, leave, whenLeaving } from "/assets/leaving.js";
import { dropped, finishDropping, keepUntil, mayHoldChanges } from "/assets/local_data.js";
import { show } from "/assets/notes.js";
import { request } from "/assets/transport.js";

const LOOK_AGAIN = 3_000; // milliseconds
const COUNT = 1_000; // milliseconds
const FLUSH = 3_000; // milliseconds that a sign-out waits for what is not saved
const session = new Session(changed);
let replica = null;
let looking = null; // the timer
let unsaved = 0; // changes, when that was last looked at

const mutators = {
  async createNote(tx, { id, text }) {
    await tx.set(`note/${id}`, { id, text });
  },
};

// Send a push or pull as Replicache would, by the newest handle.
function via(path) {
  return async (body, requestID) => {
    if (session.ended || session.waiting || session.isOver) return refused("a newer token cannot be had yet");
    const headers = {
      "Content-Type": "application/json",
      Authorization: replica.auth,
      "X-Replicache-RequestID": requestID,
    };
    const answer = await request(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.status === 401) session.refused = headers.Authorization;
    const httpRequestInfo = { httpStatusCode: answer.status, errorMessage: "" };
    if (answer.status !== 200) return { httpRequestInfo: { ...httpRequestInfo, errorMessage: `HTTP ${answer.status}` } };
    const response = await json(answer);
    if (response === null) return refused("the answer is no JSON");
    if (path === "/sync/push") setTimeout(() => replica.pull(), 0);
    return response.error ? { response, httpRequestInfo } : { response: path === "/sync/pull" ? response : undefined, httpRequestInfo };
  };
}

function refused(errorMessage) {
  return { httpRequestInfo: { httpStatusCode: 503, errorMessage } };
}

// How many changes are not saved; what was known before, where a tab that sleeps holds the database up.
async function pending() {
  if (!replica) return 0;
  const counted = replica.experimentalPendingMutations().then(({ length }) => length);
  return Promise.race([counted, sleep(COUNT).then(() => unsaved)]);
}

async function changed(state) {
  if (state === "waiting") setTimeout(syncNow, session.wait + 1);
  if (state === "fresh" && replica) replica.auth = session.handle; // another tab may have got it
  await tell();
}

function syncNow() {
  if (!replica || replica.closed || session.ended) return;
  replica.push({ now: true }).catch(() => {});
  replica.pull({ now: true }).catch(() => {});
}

// Replicache reckons its pauses by the wall clock: one that is set back would hold up the next push for as long.
let wallClock = Date.now() - performance.now();

function look() {
  const before = wallClock;
  wallClock = Date.now() - performance.now();
  if (wallClock < before - 1_000) syncNow();
  tell();
}

async function tell() {
  if (session.isOver) return expire();
  const state = session.ended ? "ended" : session.waiting ? "waiting" : "fresh";
  unsaved = await pending();
  show.status(state, unsaved);
}

// Whether there may be changes that nobody can count, as the notes are not open yet.
async function isUncounted() {
  return !replica && (await mayHoldChanges());
}

// Sign out: what is not saved is saved, or the user decides; then nothing of it stays in this browser.
async function signOut() {
  if ((await pending()) > 0) syncNow();
  const end = performance.now() + FLUSH;
  while (((await pending()) > 0 || (await isUncounted())) && !session.ended && performance.now() < end) await sleep(50);
  unsaved = await pending();
  const isUnknown = await isUncounted();
  if ((unsaved > 0 || isUnknown) && !(await show.mayLose(unsaved))) return;
  await leave(session.handle);
}

// The session has come to its absolute end: what is not saved by now goes with it.
async function expire() {
  if (isLeaving()) return;
  const lost = unsaved ? ` What was not saved by then is lost (changes: ${unsaved}).` : "";
  await end(`Your session has ended. Please sign in again.${lost}`);
}

// End what this page does: the user signs out, here or in another tab.
async function stop() {
  session.ended = true;
  clearInterval(looking);
  await replica?.close();
}

async function open(subject, { Replicache }) {
  replica = new Replicache({
    name: subject,
    auth: session.handle,
    mutators,
    pusher: via("/sync/push"),
    puller: via("/sync/pull"),
    pushDelay: 10,
    pullInterval: 30_000,
    requestOptions: { minDelayMs: 100, maxDelayMs: 10_000 },
    logLevel: "error",
    logSinks: [], // what it says of failures is told to the user
  });
  keepUntil(replica.idbName, session.endsAt);
  replica.getAuth = session.getAuth;
  replica.subscribe((tx) => tx.scan({ prefix: "note/" }).values().toArray(), show.notes);
  replica.experimentalWatchPendingMutations?.(tell);
  show.form(async (text) => {
    const id = `${Date.now().toString(36)}-${crypto.randomUUID()}`;
    await replica.mutate.createNote({ id, text });
    await tell();
  });
  looking = setInterval(look, 500);
}

async function start() {
  if (isLeaving()) return;
  whenLeaving(stop);
  const form = document.querySelector('form[action="/logout"]');
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signOut();
  });
  addEventListener("online", syncNow);
  document.addEventListener("visibilitychange", () => document.hidden || tell().then(syncNow));
  await dropped;
  if (!(await finishDropping())) return show.blocked();
  while (!session.ended) {
    try {
      if (!(await session.begin())) return tell();
      const me = await json(await request("/api/me"));
      if (me?.sub) return await open(me.sub, await import("/assets/replicache.js"));
    } catch (error) {
      console.warn("the notes could not be opened yet:", error.message);
    }
    show.status("starting", 0);
    await sleep(LOOK_AGAIN);
  }
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

start();
