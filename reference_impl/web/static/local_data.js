// What is kept in this browser, until when, and how it goes. Every database ends with the session whose data it holds, at
// its absolute end, which is noted before the database is made; what is over, or has no end noted, is deleted when a page
// begins, without asking anybody. A sign-out leaves nothing. Where a database cannot be deleted at once, because another
// tab holds it open, the user is told, and it is deleted before anybody else sees a page with notes.

const OWED = "authassay-owed"; // in the local storage: databases that are still to be deleted
const EXPIRIES = "authassay-expiries"; // there too: the end of each database, in milliseconds since the epoch
const SHARED = "replicache-dbs-v0"; // Replicache's own list of databases
const LIMIT = 4_000; // milliseconds for all databases
const LISTED = 500; // milliseconds until the browser is asked again for their names

// Settled when nothing is left that is over.
export const dropped = dropWhere(isOver).finally(() => (document.documentElement.hidden = false));

// Note until when the data in a database may be kept.
export function keepUntil(name, at) {
  note({ ...noted(), [name]: at, [SHARED]: at });
}

// Whether there is a database that may hold what its user has written and nobody has saved.
export async function mayHoldChanges() {
  return localStorage.getItem(OWED) === null && (await databases()).some((name) => name !== SHARED);
}

// Delete every database of this origin, as far as that can be done in time.
export async function dropAll() {
  await dropWhere(() => true);
}

// Whether a database is left; then its deletion is owed.
export async function isAnyLeft() {
  const left = (await databases()).length > 0;
  if (left) localStorage.setItem(OWED, "yes");
  return left;
}

// Delete what a sign-out could not. False where it still cannot be deleted.
export async function finishDropping() {
  if (localStorage.getItem(OWED) === null) return true;
  await dropAll();
  if (await isAnyLeft()) return false;
  localStorage.removeItem(OWED);
  return true;
}

async function dropWhere(isOne) {
  const names = (await databases()).filter(isOne);
  const limit = new Promise((resolve) => setTimeout(resolve, LIMIT));
  await Promise.race([Promise.allSettled(names.map(drop)), limit]);
  const left = await databases();
  note(Object.fromEntries(Object.entries(noted()).filter(([name]) => left.includes(name))));
}

function isOver(name) {
  return !(Date.now() < noted()[name]);
}

function noted() {
  try {
    return JSON.parse(localStorage.getItem(EXPIRIES)) ?? {};
  } catch {
    return {};
  }
}

function note(expiries) {
  if (Object.keys(expiries).length > 0) localStorage.setItem(EXPIRIES, JSON.stringify(expiries));
  else localStorage.removeItem(EXPIRIES);
}

// Their names. Chromium never answers where a Clear-Site-Data comes in the middle of the question.
async function databases() {
  for (;;) {
    const late = new Promise((resolve) => setTimeout(resolve, LISTED));
    const listed = await Promise.race([indexedDB.databases(), late]);
    if (listed) return listed.map(({ name }) => name);
  }
}

function drop(name) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.deleteDatabase(name);
    asked.onsuccess = resolve;
    asked.onerror = reject;
  });
}
