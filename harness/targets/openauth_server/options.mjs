// OpenAuth's options, once as it comes and once as strict as it can be told to be. Nothing here replaces code of it.

import { OauthError, UnauthorizedClientError, UnknownStateError } from "@openauthjs/openauth/error";

const HOUR = 60 * 60;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/; // RFC 7636 §4.2
const STRICT_HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

/** The options of a variant for `issuer()`; `clients` maps a client's id to `{redirectURIs, native}`. */
export function optionsOf(variant, clients) {
  return { openauth: () => ({}), "openauth-hardened": () => hardened(clients) }[variant]();
}

/** The page with the headers that a page for passwords should have. Only a variant that is told to has them. */
export function strictPage(variant, page) {
  if (variant === "openauth") return page;
  return new Response(page.body, { status: page.status, headers: { ...Object.fromEntries(page.headers), ...STRICT_HEADERS } });
}

function hardened(clients) {
  return {
    // `reuse` is not 0: without a reuse interval OpenAuth deletes the used token, and never knows a reused one again.
    // A used token is known again for as long as it is retained, and a session that is used goes on without end.
    ttl: { access: HOUR / 4, refresh: 7 * DAY, reuse: 10, retention: YEAR },
    allow: async ({ clientID, redirectURI }, request) => {
      const asked = new URL(request.url).searchParams;
      const client = clients[clientID];
      // The only error that OpenAuth answers with a page. With any other, and with `false`, it redirects to the URI
      // that was just found not to be registered.
      if (!client || !isRegistered(client, redirectURI) || repeats(asked)) throw new UnknownStateError();
      if (asked.get("response_type") !== "code") throw new OauthError("unsupported_response_type", "Use code");
      if (asked.get("code_challenge_method") !== "S256" || !S256_CHALLENGE.test(asked.get("code_challenge") ?? "")) {
        throw new OauthError("invalid_request", "A code_challenge by S256 is required");
      }
      return true;
    },
    error: async (error) =>
      new Response("This login cannot go on. Start it again in the application.", {
        status: 400,
        headers: { "Content-Type": "text/plain", ...STRICT_HEADERS },
      }),
  };
}

/** Whether a parameter comes twice (RFC 6749 §3.1): OpenAuth takes the first one, who stands before it may take the last. */
function repeats(asked) {
  return new Set(asked.keys()).size < [...asked.keys()].length;
}

function isRegistered({ redirectURIs, native }, given) {
  if (!native) return redirectURIs.includes(given);
  return redirectURIs.map(withoutPort).includes(withoutPort(given)); // RFC 8252 §7.3: any port of the loopback address
}

function withoutPort(uri) {
  return uri.replace(/^(http:\/\/127\.0\.0\.1):[0-9]{1,5}\//, "$1/");
}
