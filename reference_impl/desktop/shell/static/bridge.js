// In the page's world, before any script of the page: `shell`, frozen, one function for each operation. The port to the
// preload is known to these functions only. `CONTRACT` stands before it.
(() => {
  "use strict";
  const { port1: port, port2: other } = new MessageChannel();
  const post = port.postMessage.bind(port);
  const waiting = new Map(), listeners = new Set();
  let next = 1;

  class ShellError extends Error {
    constructor(code) { super(code); this.name = "ShellError"; this.code = code; this.stack = ""; Object.freeze(this); }
  }

  port.onmessage = ({ data }) => {
    if (data.event) { for (const listener of [...listeners]) listener(); return; }
    const call = waiting.get(data.id);
    if (!call) return;
    waiting.delete(data.id);
    if (data.error) call.reject(new ShellError(data.error)); else call.resolve(Object.freeze(data.value));
  };

  const api = {};
  for (const { method, request } of Object.values(CONTRACT.channels)) {
    const names = Object.keys(request);
    const ask = (values) => new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      const body = Object.fromEntries(names.map((name, at) => [name, values[at]]));
      try { post({ id, method, body }); } catch { waiting.delete(id); reject(new ShellError("Malformed")); }
    });
    const named = { [method](...values) { return ask(values); } };
    api[method] = Object.freeze(Object.defineProperty(named[method], "length", { value: names.length }));
  }
  // The listener is called with nothing: it asks for the session if it wants to know.
  api.onChanged = Object.freeze({ onChanged(listener) {
    if (typeof listener !== "function") throw new ShellError("Malformed");
    listeners.add(listener);
  } }.onChanged);
  Object.defineProperty(window, "shell", { value: Object.freeze(api), enumerable: true });
  dispatchEvent(new MessageEvent("shell:port", { ports: [other] }));
})();
