// Seals and opens what SST seals: the resource file (nonce of zeros, not written) and the secret state (nonce first).
import crypto from "node:crypto";
import { readFileSync } from "node:fs";

const { what, key, plain, sealed } = JSON.parse(readFileSync(0, "utf8"));
const secret = Buffer.from(key, "base64");

function seal(nonce, text) {
  const cipher = crypto.createCipheriv("aes-256-gcm", secret, nonce);
  return Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

function open(nonce, bytes) {
  const decipher = crypto.createDecipheriv("aes-256-gcm", secret, nonce);
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
}

const zeros = Buffer.alloc(12, 0);
const bytes = sealed === undefined ? undefined : Buffer.from(sealed, "base64");
const answers = {
  "seal file": () => seal(zeros, JSON.stringify(plain)).toString("base64"),
  "seal state": () => {
    const nonce = crypto.randomBytes(12);
    return Buffer.concat([nonce, seal(nonce, JSON.stringify(plain))]).toString("base64");
  },
  "open state": () => JSON.parse(open(bytes.subarray(0, 12), bytes.subarray(12))),
};
console.log(JSON.stringify(answers[what]()));
