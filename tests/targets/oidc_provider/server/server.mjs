// oidc-provider as its users deploy it: clients, accounts, lifetimes and a login of one's own; all else by its defaults.
// PORT, ISSUER, CLIENT_SECRET, PASSWORD, and TLS_KEY with TLS_CERT (files) where it speaks TLS.

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { interactionPolicy, Provider } from "oidc-provider";

const { PORT, ISSUER, CLIENT_SECRET, PASSWORD, TLS_KEY, TLS_CERT } = process.env;
const ACCOUNTS = ["alice@users.example", "bob@users.example"];
const HOUR = 3600;

const { privateKey } = await generateKeyPair("ES256", { extractable: true });
const signing = { ...(await exportJWK(privateKey)), alg: "ES256", use: "sig", kid: randomBytes(8).toString("hex") };

// The clients are ours: nobody is asked for consent, native apps' users neither.
const policy = interactionPolicy.base();
policy.get("consent").checks.remove("native_client_prompt");

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: "web",
      client_secret: CLIENT_SECRET,
      redirect_uris: ["https://app.users.example/callback", "https://app.users.example/silent"],
      grant_types: ["authorization_code", "refresh_token"],
      id_token_signed_response_alg: "ES256",
    },
    {
      client_id: "native",
      application_type: "native",
      token_endpoint_auth_method: "none",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      id_token_signed_response_alg: "ES256",
    },
  ],
  jwks: { keys: [signing] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { policy, url: (ctx, interaction) => `/login/${interaction.uid}` },
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { AuthorizationCode: 10, AccessToken: HOUR / 4, IdToken: HOUR, Session: 24 * HOUR, Grant: 24 * HOUR, RefreshToken: 24 * HOUR, Interaction: HOUR },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

// The form is made by a script, as single-page logins do.
const page = (uid, problem) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<main id="app"></main>
<script>
  document.getElementById("app").innerHTML =
    '<h1>Sign in</h1><p role="alert">${problem}</p><form method="post" action="/login/${uid}">' +
    '<label>User <input name="user" autocomplete="username"></label>' +
    '<label>Password <input name="password" type="password" autocomplete="current-password"></label>' +
    '<button type="submit">Sign in</button></form><a href="/login/${uid}/abort">Cancel</a>';
</script></html>`;

const equal = (left, right) => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
};

async function read(request) {
  let body = "";
  for await (const part of request) body += part;
  return new URLSearchParams(body.slice(0, 10_000));
}

provider.use(async (ctx, next) => {
  const [, uid, abort] = ctx.path.match(/^\/login\/([\w-]+)(\/abort)?$/) ?? [];
  if (!uid) return next();
  ctx.set("Cache-Control", "no-store");
  await provider.interactionDetails(ctx.req, ctx.res); // refuses whoever did not begin this login
  if (abort) {
    const declined = { error: "access_denied", error_description: "the user declined" };
    return ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, declined));
  }
  ctx.type = "html";
  if (ctx.method !== "POST") return (ctx.body = page(uid, ""));
  const sent = await read(ctx.req);
  const user = sent.get("user") ?? "";
  if (!ACCOUNTS.includes(user) || !equal(sent.get("password") ?? "", PASSWORD)) {
    ctx.status = 401;
    return (ctx.body = page(uid, "User or password are wrong."));
  }
  return ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login: { accountId: user } }));
});

const server = TLS_KEY
  ? https.createServer({ key: readFileSync(TLS_KEY), cert: readFileSync(TLS_CERT) }, provider.callback())
  : http.createServer(provider.callback());
server.listen(Number(PORT), "127.0.0.1");
