// The preload, in an isolated world: it alone can speak to the main process. `CONTRACT` and `qrc` stand before it.
// The page's world gets functions that take and give plain data; see bridge.js.
(() => {
  "use strict";
  globalThis.contractText = TEXT;  // of this world; the page's has no way to it
  const waiting = new Map();  // id -> {settle, channel}
  let next = 1, main = null, early = [], port = null;

  const isReply = (fields, value) => value !== null && typeof value === "object" && !Array.isArray(value)
    && Object.keys(value).length === Object.keys(fields).length
    && Object.entries(fields).every(([name, type]) => typeof value[name] === type);

  const settle = (id, answer) => {  // once: a late reply finds nobody who waits
    const call = waiting.get(id);
    if (!call) return;
    waiting.delete(id);
    clearTimeout(call.timer);
    port.postMessage({ id: call.page, ...answer });
  };

  const receive = (text) => {
    let reply;
    try { reply = JSON.parse(text); } catch { return; }
    if (reply === null || typeof reply !== "object") return;
    if (reply.event === CONTRACT.event) { port.postMessage({ event: CONTRACT.event }); return; }
    const call = waiting.get(reply.id);
    if (!call) return;
    if (CONTRACT.codes.includes(reply.error)) settle(reply.id, { error: reply.error });
    else if ("value" in reply && isReply(CONTRACT.channels[call.channel].reply, reply.value))
      settle(reply.id, { value: reply.value });
    else settle(reply.id, { error: "BadReply" });
  };

  const call = (page, method, body) => {
    const [channel, told] = Object.entries(CONTRACT.channels).find(([, each]) => each.method === method) || [];
    if (!channel) { port.postMessage({ id: page, error: "UnknownChannel" }); return; }
    const id = next++;
    // Main gives up at the limit itself; this is for a main that says nothing at all.
    const timer = setTimeout(() => settle(id, { error: "Timeout" }), told.limit * 1000 + 250);
    waiting.set(id, { page, channel, timer });
    const text = JSON.stringify({ id, channel, body });
    if (main) main.send(text); else early.push(text);
  };

  addEventListener("shell:port", (event) => {
    event.stopImmediatePropagation();
    if (port) return;
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data && typeof data.method === "string" && Number.isInteger(data.id)) call(data.id, data.method, data.body);
    };
  }, { capture: true, once: true });

  new QWebChannel(qt.webChannelTransport, (channel) => {
    main = channel.objects.main;
    main.reply.connect(receive);
    for (const text of early) main.send(text);
    early = [];
  });
})();
