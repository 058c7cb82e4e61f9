// The page's side of its session: by which token a request is to be made, and how to get a newer one. The page holds no
// token but a handle, which names one to the server.
//
// Replicache calls `getAuth` on a 401, from push and pull at once, up to eight times a cycle, and waits for it without a
// limit. So all callers share one refresh; it ends within its limit; and after a failure the next one waits.

import { request } from "/assets/transport.js";

const LIMIT = 12_000; // milliseconds for one refresh, the lock included
const FIRST_WAIT = 2_000; // milliseconds after the first failure; doubled with each further one
const LONGEST_WAIT = 60_000;
const LOCK = "authassay-refresh"; // one tab at a time; the browser takes it from a tab that is closed
const NEWS = "authassay-handle"; // each new handle, for the other tabs: none of them goes on with an older one

export class Session {
  handle = null;
  refused = null; // the handle of the last request that was answered 401
  ended = false;
  over = false; // it has come to its absolute end: nothing of it may be kept
  endsAt = Infinity; // that end, by this browser's clock
  #endsIn = Infinity; // and by the one that nobody sets
  #flight = null;
  #failures = 0;
  #notBefore = 0;
  #news = new BroadcastChannel(NEWS);

  // `tell` is called with "fresh", "waiting" or "ended" whenever that has changed.
  constructor(tell) {
    this.tell = tell;
    this.#news.addEventListener("message", ({ data }) => {
      if (!this.ended && isNewer(data, this.handle)) this.#take(data);
    });
  }

  // Whether a refresh failed and it is too early for another.
  get waiting() {
    return performance.now() < this.#notBefore;
  }

  // Milliseconds until the next refresh may be asked for.
  get wait() {
    return Math.max(0, this.#notBefore - performance.now());
  }

  // Learn from the server who is signed in. False where nobody is.
  async begin() {
    const answer = await request("/session");
    const told = await json(answer);
    if (answer.status === 401) this.#end(told?.over);
    if (told?.expires_in) this.#endIn(told.expires_in * 1000);
    this.handle = told?.handle ?? null;
    return this.handle !== null;
  }

  // A handle of a newer token; null where there is none to be had, now or ever.
  getAuth = () => {
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  };

  async #refresh() {
    if (this.ended || this.waiting) return null;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), LIMIT);
    const { signal } = limit;
    try {
      return await navigator.locks.request(LOCK, { signal }, () => this.#ask(signal));
    } catch {
      return this.#fail(0);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(signal) {
    if (this.handle !== this.refused) return this.handle; // another tab has got one meanwhile
    const body = JSON.stringify({ handle: this.handle });
    const headers = { "Content-Type": "application/json" };
    const answer = await request("/refresh", { method: "POST", headers, body, signal });
    const told = await json(answer);
    if (answer.status === 200 && typeof told?.handle === "string") {
      this.#news.postMessage(told.handle);
      return this.#take(told.handle);
    }
    const over = answer.status === 401 && told?.signed_in === false;
    if (over || answer.status === 409) return this.#end(told?.over);
    return this.#fail(Number(answer.headers.get("Retry-After")) || 0);
  }

  #take(handle) {
    this.handle = handle;
    this.#failures = 0;
    this.#notBefore = 0;
    this.tell("fresh");
    return handle;
  }

  // Whether its absolute end has come, as far as can be told without the server.
  get isOver() {
    return this.over || Date.now() >= this.endsAt || performance.now() >= this.#endsIn;
  }

  #endIn(milliseconds) {
    this.endsAt = Date.now() + milliseconds;
    this.#endsIn = performance.now() + milliseconds;
  }

  #end(over = false) {
    this.ended = true;
    this.over = over;
    this.tell("ended");
    return null;
  }

  // `asked`: seconds that the server asked to wait.
  #fail(asked) {
    const growing = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    this.#failures += 1;
    this.#notBefore = performance.now() + Math.max(asked * 1000, growing * (1 + Math.random() / 4));
    this.tell("waiting");
    return null;
  }
}

// Whether a handle names a later token of the same session.
function isNewer(handle, known) {
  const [[session, number], [own, held]] = [handle, known ?? ""].map((each) => each.split("."));
  return session === own && Number(number) > Number(held);
}

// The JSON of an answer; null where it is none, as from a network that answers in the server's place.
export async function json(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}
