"""What is run in the worlds of a shell's page to see what it can reach."""

from __future__ import annotations

__all__ = [
    "ASKED", "CALLBACKS", "CHANNEL_TAKERS", "COMPROMISED", "FRAMES", "GIVEN_A_CHANNEL", "LEAD", "LISTEN",
    "OPEN", "PROTOTYPE", "SEND", "SURFACE",
]  # fmt: skip

# OBJECTS: the names of the bridge's objects in the page's world.
SURFACE = """
(() => {
  const objects = OBJECTS;
  const frame = document.body.appendChild(document.createElement("iframe"));
  const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow));
  frame.remove();
  const further = Object.getOwnPropertyNames(window).filter((name) => !usual.has(name) && !/^\\d+$/.test(name));
  const ends = new Set([Object.prototype, Function.prototype, Array.prototype, null]);
  const usualOfFunctions = new Set(["length", "name", "prototype", "arguments", "caller"]);
  const raw = ["invoke", "send", "sendSync", "sendToHost", "postMessage"];
  const wanted = ["require", "process", "module", "exports", "Buffer", "global", "__dirname", "__filename", "qt",
    "QWebChannel", "ipcRenderer", "electron", "nodeRequire", "electronRequire", "webContents", "CONTRACT",
    "contractText"];
  const reachable = wanted.filter((name) => typeof window[name] !== "undefined" && !objects.includes(name));
  const seen = new Set(), names = [];
  let frozen = true, any = null;
  const walk = (value, path, depth) => {
    if (value === null || !["object", "function"].includes(typeof value) || seen.has(value) || depth > 5) return;
    seen.add(value);
    if (names.length > 500 || seen.size > 5000) return;
    frozen = frozen && Object.isFrozen(value);
    if (typeof value === "function") { any = any || value; names.push(`${path}/${value.length}`); }
    else if (raw.filter((name) => typeof value[name] === "function").length > 1) reachable.push(`raw IPC at ${path}`);
    for (let at = value; !ends.has(at); at = Object.getPrototypeOf(at))
      for (const name of Reflect.ownKeys(at)) {
        if (typeof value === "function" && usualOfFunctions.has(name)) continue;
        let inner; try { inner = at[name]; } catch { continue; }
        walk(inner, `${path}.${String(name)}`, depth + 1);
      }
  };
  for (const name of objects) {
    if (typeof window[name] === "undefined") continue;
    walk(window[name], name, 0);
    const own = Object.getOwnPropertyDescriptor(window, name);
    frozen = frozen && own !== undefined && !own.writable;
  }
  for (const name of ["qt", "require", "process", "ipcRenderer"])
    try { if (any && any.constructor(`return typeof ${name}`)() !== "undefined") reachable.push(`Function: ${name}`); }
    catch { /* the page's policy forbids it */ }
  const own = further.filter((name) => !objects.includes(name) && !reachable.includes(name));
  return { further: own, names: names.sort(), frozen, reachable };
})()
"""
# What becomes of a function that gets the name of a channel that is not there; each once, and 2 s for its promise.
GIVEN_A_CHANNEL = """
(async () => {
  const outcomes = {};
  for (const path of PATHS) {
    const [first, ...rest] = path.split(".");
    let owner = window, value = window[first];
    for (const name of rest) { owner = value; value = Object(value)[name]; }
    let told = "taken";
    try {
      const given = value.call(owner, "authassay:no-such-channel", {});
      if (given instanceof Promise || typeof Object(given).then === "function")
        await Promise.race([given, new Promise((give) => setTimeout(give, 2000))]);
    } catch (error) { told = `${Object(error).code || Object(error).name || ""}: ${Object(error).message || error}`; }
    outcomes[path] = told;
  }
  return outcomes;
})()
"""
# A function takes a channel if an unknown one makes it say so, or another's name brings the other's reply.
CHANNEL_TAKERS = """
(async () => {
  const within = (promise) => Promise.race([promise, new Promise((give) => setTimeout(give, 2000, null))]);
  const takers = [];
  for (const name of Object.keys(window.shell || {})) {
    if (name === "onChanged") continue;
    try { await within(shell[name]("no:such-channel", {})); }
    catch (error) { if (error.code === "UnknownChannel") { takers.push(name); continue; } }
    if (name === "getSession") continue;
    try {
      const value = await within(shell[name]("session:get", {}));
      if (value && typeof value === "object" && "signed_in" in value) takers.push(name);
    } catch {}
  }
  return takers;
})()
"""
LISTEN = """
(() => {
  window.heardOfShell = { called: 0, given: [] };
  const plain = (value) => value === null || !["object", "function"].includes(typeof value)
    || (typeof value === "object" && [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value)));
  // Of Electron's event a preload hands over a plain copy; its sender still has the functions of raw IPC.
  const raw = (value) => value !== null && typeof value === "object"
    && ["send", "invoke", "postMessage"].some((name) => typeof value[name] === "function");
  const leaks = (value) => value !== null && typeof value === "object"
    && ["sender", "ports", "ipcRenderer"].find((name) => raw(value[name]) || [].concat(value[name] || []).some(raw));
  SUBSCRIBE(function (...given) {
    window.heardOfShell.called += 1;
    for (const value of given)
      window.heardOfShell.given.push(leaks(value) ? `an object with ${leaks(value)}`
        : plain(value) ? "plain data" : Object.prototype.toString.call(value));
    if (this !== undefined && this !== window)
      window.heardOfShell.given.push("this: " + Object.prototype.toString.call(this));
  });
})()
"""
CALLBACKS = "window.heardOfShell"
PROTOTYPE = "Object.getOwnPropertyNames(Object.prototype).sort().join()"
# Stands behind the preload, in its world, as a compromised renderer could: the debugging protocol does not show that
# world. It sends messages past the page's functions, and can replace what main replies. Asked by events with texts.
COMPROMISED = """
;(() => {
  if (typeof qt === "undefined" || !qt.webChannelTransport) return;
  const transport = qt.webChannelTransport, OWN = 1000000000;
  let method = null, hear = null, twist = null, next = OWN, tapped = [];
  if (typeof contractText === "undefined") new QWebChannel(transport, () => {});
  const follow = transport.onmessage, out = transport.send.bind(transport);
  transport.send = (text) => { tapped.push(text); out(text); };
  const twisted = (text) => {
    const told = JSON.parse(text);
    if (twist === null || !("id" in told)) return text;
    delete told.error;
    return JSON.stringify({ ...told, value: JSON.parse(twist) });
  };
  transport.onmessage = (event) => {
    const data = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
    tapped.push(JSON.stringify(data));
    if (data.id >= OWN) return;
    const methods = data.data && data.data.main && data.data.main.methods;
    if (methods) method = methods.find(([name]) => name.startsWith("send"))[1];
    if (data.type === 1 && Array.isArray(data.args)) {
      if (hear) data.args.forEach(hear);
      data.args = data.args.map(twisted);
    }
    follow({ data: JSON.stringify(data) });
  };
  const send = async (text, id, patience) => {
    const began = performance.now();
    const reply = await new Promise((give) => {
      const timer = setTimeout(give, patience, null);
      hear = (told) => {
        let reply; try { reply = JSON.parse(told); } catch { reply = { error: "no JSON" }; }
        if (reply.id === id || reply.id === 0) { clearTimeout(timer); give(reply); }
      };
      transport.send(JSON.stringify({ type: 6, id: next++, object: "main", method, args: [text] }));
    });
    hear = null;
    const outcome = reply === null ? "pending" : "value" in reply ? "value" : String(reply.error);
    const told = reply === null ? [] : Object.keys(Object(reply.value || reply)).sort();
    return { outcome, seconds: (performance.now() - began) / 1000, told };
  };
  addEventListener("harness:ask", async (event) => {
    const ask = JSON.parse(event.detail);
    let value = null;
    if (ask.do === "here") value = method !== null;
    else if (ask.do === "send") value = await send(ask.text, ask.id, ask.patience);
    else if (ask.do === "twist") { twist = ask.value; value = true; }
    else if (ask.do === "contract") value = contractText;
    else if (ask.do === "tap") value = tapped.splice(0);
    dispatchEvent(new CustomEvent("harness:told", { detail: JSON.stringify({ n: ask.n, value }) }));
  });
})();
"""
# In the page's world: ask what stands behind the preload; null where nothing does.
_ASK = """
const AT = FRAME;
const ask = (what, patience) => new Promise((give) => {
  const n = Math.random(), timer = setTimeout(give, patience, null);
  addEventListener("harness:told", function hear(event) {
    const told = JSON.parse(event.detail);
    if (told.n !== n) return;
    removeEventListener("harness:told", hear);
    clearTimeout(timer);
    give(told.value);
  });
  try { AT.dispatchEvent(new CustomEvent("harness:ask", { detail: JSON.stringify({ ...what, n }) })); }
  catch { clearTimeout(timer); give(null); }
});
"""
# A frame's window, by its name.
FRAMES = {
    "iframe": "document.body.appendChild(document.createElement('iframe')).contentWindow",
    "foreign iframe": "document.body.appendChild(Object.assign(document.createElement('iframe'), "
    "{ src: 'https://shell.evil.test/' })).contentWindow",
}
SEND = (
    "(async () => {"
    + _ASK
    + """
  for (let tries = 0; !(await ask({ do: "here" }, 500)); tries++) if (tries === 4) return null;
  const texts = [TEXTS], outcomes = [];
  for (let at = 0, silent = 0; at < texts.length && silent < 3; at++) {  // three silences are enough
    const id = 1000 + at;
    const text = texts[at](id), patience = text.length > 1e6 ? 20000 : PATIENCE;  // a large one is long on its way
    let told = null;
    for (let tries = 0; tries < 3 && (told === null || told.seconds > 1); tries++) {  // who is busy is not slow thrice
      const now = await ask({ do: "send", id, text, patience }, patience + 5000);
      if (told === null || (now && now.seconds < told.seconds)) told = now;
      if (now === null || now.outcome === "pending") break;
    }
    outcomes.push(told || { outcome: "pending", seconds: patience / 1000, told: [] });
    if (outcomes[at].outcome === "pending") silent += 1;
  }
  return outcomes;
})()
"""
)
ASKED = "(async () => {" + _ASK + " return ask(WHAT, 2000); })()"
# Ways of a page to another address, as if the user had clicked.
OPEN = {
    "a new window": "try {{ void window.open({url}) }} catch {{}}",
    "a link": "void Object.assign(document.body.appendChild(document.createElement('a')), "
    "{{ href: {url}, target: '_blank' }}).click()",
}
LEAD = "void Object.assign(document.body.appendChild(document.createElement('a')), {{ href: {url} }}).click()"
