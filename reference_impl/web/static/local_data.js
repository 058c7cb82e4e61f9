// What a sign-out leaves in this browser: nothing. Where a database cannot be deleted at once, because another tab holds
// it open, the user is told, and it is deleted before anybody else sees a page with notes.

const OWED = "authassay-owed"; // in the local storage: databases that are still to be deleted
const LIMIT = 4_000; // milliseconds for all databases

// Delete every database of this origin, as far as that can be done in time.
export async function dropAll() {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  const limit = new Promise((resolve) => setTimeout(resolve, LIMIT));
  await Promise.race([Promise.allSettled(names.map(drop)), limit]);
}

// Whether a database is left; then its deletion is owed.
export async function isAnyLeft() {
  const left = (await indexedDB.databases()).length > 0;
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

function drop(name) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.deleteDatabase(name);
    asked.onsuccess = resolve;
    asked.onerror = reject;
  });
}
