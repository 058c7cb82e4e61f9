// What page script can reach, as text by place. It runs in the page's own world, with all of a page's privileges.
// Every value is turned into text with its parts; what cannot be read is left out, for script cannot read it either.
async () => {
  const LIMIT = 50_000; // values visited
  let visited = 0;
  const bytes = (view) => new TextDecoder("latin1").decode(view);

  async function text(value, seen = new Set(), depth = 0) {
    if (value === null || value === undefined || visited++ > LIMIT || depth > 12) return "";
    if (typeof value === "string") return value;
    if (typeof value === "symbol") return value.toString();
    if (typeof value !== "object" && typeof value !== "function") return String(value);
    if (seen.has(value)) return "";
    seen.add(value);
    if (value instanceof Blob) try { return bytes(await value.arrayBuffer()); } catch { return ""; } // a mere prototype
    if (value instanceof ArrayBuffer) return bytes(value);
    if (ArrayBuffer.isView(value)) return bytes(value);
    if (value instanceof Node || value === window) return "";
    const parts = [];
    if (value instanceof Map || value instanceof Set) {
      for (const entry of value) parts.push(await text(entry, seen, depth + 1));
    }
    for (const name of Reflect.ownKeys(value)) {
      let part;
      try { part = value[name]; } catch { continue; }
      if (typeof part === "function" && depth > 2) continue;
      const inner = await text(part, seen, depth + 1);
      if (inner) parts.push(`${String(name)}: ${inner}`);
    }
    return parts.join("\n");
  }

  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
  });

  async function databases() {
    const parts = [];
    for (const name of await DATABASE_NAMES) {
      const database = await done(indexedDB.open(name));
      parts.push(name);
      for (const store of database.objectStoreNames) {
        const opened = database.transaction(store).objectStore(store);
        parts.push(store, await text(await done(opened.getAllKeys())));
        const again = database.transaction(store).objectStore(store);
        parts.push(await text(await done(again.getAll())));
      }
      database.close();
    }
    return parts.join("\n");
  }

  async function cached() {
    const parts = [];
    if (!globalThis.caches) return ""; // a page of a file, or without encryption, has none
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const answer = await cache.match(request);
        parts.push(name, request.url, await text([...request.headers]), await text([...answer.headers]));
        parts.push(bytes(await answer.arrayBuffer()));
      }
    }
    return parts.join("\n");
  }

  // The names that every page has: noted before its first script, or else seen in a page that has none.
  function usual() {
    if (globalThis.__authassayPristine) return globalThis.__authassayPristine;
    const frame = document.body.appendChild(document.createElement("iframe"));
    const names = new Set(Reflect.ownKeys(frame.contentWindow));
    frame.remove();
    return names;
  }

  async function globals() {
    const pristine = usual();
    const own = Reflect.ownKeys(window).filter((name) => !pristine.has(name) && !String(name).startsWith("__authassay"));
    const parts = [];
    for (const name of own) {
      let value;
      try { value = window[name]; } catch { continue; }
      parts.push(`${String(name)}: ${await text(value)}`);
    }
    const grown = [navigator, document, location, history, screen].map((object) => [Object.entries(
      Object.getOwnPropertyDescriptors(object)).filter(([, found]) => "value" in found).map(([name, found]) => [name, found.value])]);
    parts.push(await text(grown), window.name, document.title, document.referrer, location.href, await text(history.state));
    parts.push(performance.getEntries().map((entry) => entry.name).join("\n"));
    return parts.join("\n");
  }

  function markup(root) {
    const parts = [root.documentElement?.outerHTML ?? root.innerHTML];
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) parts.push(markup(element.shadowRoot));
      if ("value" in element && typeof element.value === "string") parts.push(element.value);
    }
    return parts.join("\n");
  }

  return {
    "localStorage": await text(Object.entries(localStorage)),
    "sessionStorage": await text(Object.entries(sessionStorage)),
    "IndexedDB": await databases(),
    "Cache Storage": await cached(),
    "readable cookies": document.cookie,
    "document": markup(document),
    "inline scripts": [...document.scripts].filter((script) => !script.src).map((script) => script.text).join("\n"),
    "globals": await globals(),
    "messages": await text(globalThis.__authassayMessages ?? []),
  };
}
