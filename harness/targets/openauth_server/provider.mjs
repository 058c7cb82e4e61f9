// OpenAuth's own PasswordProvider with its own login page, with accounts made beforehand and a way to decline.

import { OauthError } from "@openauthjs/openauth/error";
import { PasswordProvider, ScryptHasher } from "@openauthjs/openauth/provider/password";
import { PasswordUI } from "@openauthjs/openauth/ui/password";
import { strictPage } from "./options.mjs";

const hasher = ScryptHasher({ N: 1024 }); // a sixteenth of the default: hundreds of logins, of accounts that live for minutes
const DECLINE = '<button name="action" value="decline" formnovalidate>Decline</button></form>';

/** The provider of a variant. Nobody gets its e-mails: registration and forgotten passwords end with the first step. */
export function passwordProvider(variant) {
  const ui = PasswordUI({ sendCode: async () => {} });
  const login = async (...asked) => {
    const page = await ui.login(...asked);
    const html = (await page.text()).replace("</form>", DECLINE);
    return strictPage(variant, new Response(html, page));
  };
  const provider = PasswordProvider({ ...ui, login, hasher });
  return { ...provider, init: (routes, context) => provider.init(withDecline(routes), context) };
}

/** Who declines is reported as OpenAuth's Oauth2Provider reports who declines at Google: by this error. */
function withDecline(routes) {
  return routes.use("/authorize", async (c, next) => {
    if (c.req.method === "POST" && (await c.req.formData()).get("action") === "decline") {
      throw new OauthError("access_denied", "The user declined");
    }
    await next();
  });
}

/** Makes accounts in the way in which the provider keeps them; `users` maps a name to its password. */
export async function addUsers(storage, users) {
  for (const [name, password] of Object.entries(users)) {
    await storage.set(["email", name, "password"], await hasher.hash(password));
  }
}
