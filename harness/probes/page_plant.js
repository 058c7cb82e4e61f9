// Puts a witness into every place that a search of the page goes to (`plant`), and takes it away again.
async ([plant, witness]) => {
  const name = "__authassay-planted";
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
  });
  if (!plant) {
    localStorage.removeItem(name);
    sessionStorage.removeItem(name);
    await done(indexedDB.deleteDatabase(name));
    await caches.delete(name);
    document.cookie = `${name}=; path=/; max-age=0`;
    document.querySelectorAll(`[data-authassay-planted]`).forEach((element) => element.remove());
    delete globalThis.plantedByAuthassay;
    globalThis.__authassayMessages?.splice(0, Infinity, ...globalThis.__authassayMessages.filter((m) => m !== witness));
    return;
  }
  localStorage.setItem(name, witness);
  sessionStorage.setItem(name, witness);
  const opening = indexedDB.open(name);
  opening.onupgradeneeded = () => opening.result.createObjectStore("planted");
  const database = await done(opening);
  await done(database.transaction("planted", "readwrite").objectStore("planted").put({ deep: [witness] }, "key"));
  database.close();
  await (await caches.open(name)).put("/authassay-planted", new Response(witness));
  document.cookie = `${name}=${witness}; path=/`;
  const element = document.createElement("template");
  element.dataset.authassayPlanted = witness;
  const script = document.createElement("script");
  script.type = "application/json";
  script.dataset.authassayPlanted = "";
  script.text = JSON.stringify(witness);
  document.body.append(element, script);
  globalThis.plantedByAuthassay = { deep: [new Map([["key", witness]])] };
  window.postMessage(witness, location.origin);
  await new Promise((resolve) => setTimeout(resolve, 20)); // the message is delivered as a task of its own
}
