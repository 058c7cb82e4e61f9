// How the page's requests travel in the shell: by the bridge to the main process, which alone has a token and knows
// where the API is. It stands in the place of the web client's module, and answers as its server does.

const json = (value, status = 200) => Response.json(value, { status });
const CALLS = {
  "/session": () => shell.beginSync().then(json),
  "/api/me": () => shell.beginSync().then(({ subject }) => json({ sub: subject })),
  "/refresh": ({ body }) => shell.renewHandle(JSON.parse(body).handle).then(json),
  "/sync/push": (sent) => shell.push(sent.body, sent.headers.Authorization).then(answer),
  "/sync/pull": (sent) => shell.pull(sent.body, sent.headers.Authorization).then(answer),
  "/logout": () => shell.signOut().then(json),
};
const ENDED = "NotAuthenticated";

export async function request(path, options = {}) {
  const given = CALLS[path](options).catch(({ code }) => code === ENDED ? json({ signed_in: false }, 401) : json({ error: code }, 503));
  const { signal } = options;
  const aborted = new Promise((_, refuse) => signal?.addEventListener("abort", () => refuse(signal.reason)));
  return Promise.race([given, aborted]);
}

// Where one signs in: the page itself says so.
export const login = () => "/index.html";

function answer({ body, status }) {
  return new Response(body, { status });
}
