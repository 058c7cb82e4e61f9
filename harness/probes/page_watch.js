// Before a page's own scripts: which variables a page has by itself, and every message that comes to it.
(() => {
  const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, enumerable: false });
  hidden("__authassayPristine", new Set(Reflect.ownKeys(globalThis)));
  hidden("__authassayMessages", []);
  const keep = (event) => globalThis.__authassayMessages.push(event.data);
  addEventListener("message", keep);
  try { navigator.serviceWorker?.addEventListener("message", keep); } catch { /* not on plain http */ }
})();
