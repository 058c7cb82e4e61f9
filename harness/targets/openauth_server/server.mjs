// One stage: an OpenAuth issuer as it is published, and a small API behind its tokens, each on a port of loopback.
//
// The first line on standard input is the configuration (JSON). When both answer, one line on standard output says at
// which ports. Every further line of input moves the clock: {"advance": seconds}. When the input ends, so does this.

import { advance } from "./clock.mjs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { issuer } from "@openauthjs/openauth";
import { createClient } from "@openauthjs/openauth/client";
import { MemoryStorage } from "@openauthjs/openauth/storage/memory";
import { createSubjects } from "@openauthjs/openauth/subject";
import { addUsers, passwordProvider } from "./provider.mjs";
import { optionsOf } from "./options.mjs";

console.log = console.error; // OpenAuth logs each request there; standard output is for what is said above

const subjects = createSubjects({ user: { "~standard": { version: 1, vendor: "example", validate: isUser } } });

function isUser(value) {
  return typeof value?.email === "string" ? { value } : { issues: [{ message: "no email" }] };
}

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Serves an app over TLS on a port of its own; resolves to that port. */
function listen(app, { key, cert }) {
  return new Promise((resolve, reject) => {
    const asked = { fetch: app.fetch, createServer, serverOptions: { key, cert }, hostname: "127.0.0.1", port: 0 };
    serve(asked, ({ port }) => resolve(port)).on("error", reject);
  });
}

/** The API: it tells who the bearer of an access token is, and leaves the judging of it to OpenAuth's own client. */
function apiOf(client) {
  const refused = { "WWW-Authenticate": 'Bearer error="invalid_token"', "Cache-Control": "no-store" };
  return new Hono().get("/me", async (c) => {
    const [, token] = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (!token) return c.body(null, 401, { "WWW-Authenticate": "Bearer" });
    const verified = await client.verify(subjects, token);
    if (verified.err) return c.json({ error: "invalid_token" }, 401, refused);
    return c.json(verified.subject.properties, 200, { "Cache-Control": "no-store" });
  });
}

async function start({ variant, issuerHost, clients, users, tls }) {
  // OpenAuth asks for it where a reused refresh token ends its sessions, and answers HTTP 302 where it is not there.
  if (!Array.fromAsync) throw new Error(`OpenAuth needs Node 22 or later; this is ${process.version}`);
  const storage = MemoryStorage();
  await addUsers(storage, users);
  const app = issuer({
    storage,
    subjects,
    providers: { password: passwordProvider(variant) },
    success: (context, { email }) => context.subject("user", { email }),
    ...optionsOf(variant, clients),
  });
  const issuerPort = await listen(app, tls);
  const identifier = `https://${issuerHost}:${issuerPort}`;
  // The API asks the issuer without the network: the client's `fetch` is the option for that.
  const client = createClient({ clientID: "api", issuer: identifier, fetch: async (url, init) => app.request(url, init) });
  await client.verify(subjects, ""); // makes the signing key before anybody waits for it
  return { issuerPort, apiPort: await listen(apiOf(client), tls) };
}

let started = false;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  tell(started ? { ahead: advance(asked.advance) } : await start(asked));
  started = true;
}
process.exit(0);
