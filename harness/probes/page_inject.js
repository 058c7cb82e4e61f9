// Puts something into a page that its policy should forbid, and says whether it happened and what was reported.
async ([what, url]) => {
  const reported = [];
  const note = (event) => reported.push(event.effectiveDirective);
  document.addEventListener("securitypolicyviolation", note);
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const named = `authassay${Math.random().toString(36).slice(2)}`;
  const add = (tag, values) => {
    const element = Object.assign(document.createElement(tag), values);
    document.body.append(element);
    return element;
  };
  const ways = {
    "an inline script": () => { add("script", { textContent: `window.${named} = 1` }); return () => window[named] === 1; },
    "an inline handler": () => {
      add("div", { innerHTML: `<img src="data:," onerror="window.${named} = 1">` });
      return () => window[named] === 1;
    },
    "a script's eval": () => {
      setTimeout(() => { try { (0, eval)(`window.${named} = 1`); } catch { /* it was refused */ } }, 0);
      return () => window[named] === 1;
    },
    "a script of another host": () => { add("script", { src: url }); return null; },
    "a base element": () => {
      const base = document.createElement("base");
      base.href = url;
      document.head.prepend(base);
      return () => { const moved = document.baseURI.startsWith(url); base.remove(); return moved; };
    },
    "a request to another host": () => { fetch(url, { mode: "no-cors" }).catch(() => 0); return null; },
    "a request to another stage": () => { fetch(url, { mode: "no-cors" }).catch(() => 0); return null; },
  };
  if (!ways[what]) return null;
  const look = ways[what]();
  await pause(150);
  const happened = look ? look() : null;
  document.removeEventListener("securitypolicyviolation", note);
  return { happened, reported };
}
