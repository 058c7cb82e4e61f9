// What a sign-out leaves in this browser: nothing. Where a database cannot be deleted at once, because another tab holds
// it open, the user is told, and it is deleted before anybody else sees a page with notes.

const CHANNEL = "authassay-leaving";
const OWED = "authassay-owed"; // in the local storage: databases that are still to be deleted
const LIMIT = 4_000; // milliseconds for all databases
const channel = new BroadcastChannel(CHANNEL);

// Close this tab's database and leave when another tab signs out.
export function whenLeaving(close) {
  channel.addEventListener("message", async () => {
    await close();
    channel.postMessage("closed");
    location.assign("/login?notice=signed-out");
  }, { once: true });
}

// Delete everything, then send the form that ends the session.
export async function leave(form, close) {
  channel.postMessage("leaving");
  await close();
  const gone = await dropAll();
  if (!gone) {
    localStorage.setItem(OWED, "yes");
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "local", value: "kept" });
    form.append(kept);
  }
  form.submit();
}

// Delete what a sign-out could not. False where it still cannot be deleted.
export async function finishDropping() {
  if (localStorage.getItem(OWED) === null) return true;
  if (!(await dropAll())) return false;
  localStorage.removeItem(OWED);
  return true;
}

// Delete every database of this origin; whether none is left.
async function dropAll() {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  const limit = new Promise((resolve) => setTimeout(resolve, LIMIT));
  await Promise.race([Promise.allSettled(names.map(drop)), limit]);
  return (await indexedDB.databases()).length === 0;
}

function drop(name) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.deleteDatabase(name);
    asked.onsuccess = resolve;
    asked.onerror = reject;
  });
}
