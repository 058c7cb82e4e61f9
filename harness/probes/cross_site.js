// What a page of somebody else does to have the browser send a request. Returns when it was sent, as far as it can know.
([way, url]) => {
  const settled = (element) => new Promise((done) => {
    element.addEventListener("load", done);
    element.addEventListener("error", done);
    setTimeout(done, 3000);
  });
  const form = (method, enctype, target) => {
    const made = document.createElement("form");
    Object.assign(made, { method, action: url, enctype, target });
    const field = document.createElement("input");
    Object.assign(field, { name: "a", value: "b" });
    made.append(field);
    document.body.append(made);
    return made;
  };
  const inFrame = async (enctype) => {
    const frame = document.createElement("iframe");
    frame.name = `frame-${Math.random()}`;
    document.body.append(frame);
    const loaded = settled(frame);
    form("POST", enctype, frame.name).submit();
    await loaded;
    frame.remove();
  };
  const sent = (options) => fetch(url, { credentials: "include", ...options }).then(() => null, () => null);
  const ways = {
    "a form": () => inFrame("application/x-www-form-urlencoded"),
    "a form of plain text": () => inFrame("text/plain"),
    "a form of several parts": () => inFrame("multipart/form-data"),
    "a script's simple request": () => sent({ method: "POST", mode: "no-cors", body: "a=b" }),
    "a script's request with JSON": () =>
      sent({ method: "POST", body: "{}", headers: { "Content-Type": "application/json", "X-Requested-With": "x" } }),
    "a beacon": () => navigator.sendBeacon(url, "a=b"),
    "an image": () => {
      const image = new Image();
      const loaded = settled(image);
      image.src = url;
      return loaded;
    },
    "a HEAD request": () => sent({ method: "HEAD", mode: "no-cors" }),
    "a form that takes the window": () => {
      const made = form("POST", "application/x-www-form-urlencoded", "_self");
      setTimeout(() => made.submit(), 20); // the page goes only after it has answered
    },
    "a link": () => { setTimeout(() => { location.href = url; }, 20); },
    "a sandboxed form": async () => {
      const frame = document.createElement("iframe");
      frame.sandbox = "allow-forms allow-scripts";
      const quoted = url.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      frame.srcdoc = `<form method="post" action="${quoted}"></form><script>document.forms[0].submit()</script>`;
      const loaded = settled(frame);
      document.body.append(frame);
      await loaded;
    },
  };
  return ways[way] ? Promise.resolve(ways[way]()).then(() => true) : false;
}
