// Checks a release's bundles with @sigstore/verify.
//
// Usage: node verify_sigstore.mjs RELEASE PUBLIC_KEY. Exits 0 when the bundles verify under the key, and neither under
// another key nor with another payload. Needs @sigstore/verify and @sigstore/bundle. Knows nothing of Probity.

import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, Verifier } from "@sigstore/verify";

const [release, keyFile] = process.argv.slice(2);

// The signature alone: these bundles rest on a key that is known, not on a log or an authority.
const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };

function verify(json, publicKey) {
  const trusted = { publicKey, validFor: () => true };
  const nothing = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  new Verifier({ ...nothing, publicKey: () => trusted }, thresholds).verify(toSignedEntity(bundleFromJSON(json)));
}

function refuses(what, json, publicKey) {
  try {
    verify(json, publicKey);
  } catch (error) {
    if (error.code === "SIGNATURE_ERROR") return;
    throw error;
  }
  throw new Error(`accepted ${what}`);
}

const key = createPublicKey(readFileSync(keyFile));
const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
for (const name of ["manifest.sigstore.json", "attestations/dataset.sig"]) {
  if (!existsSync(join(release, name))) continue;
  const json = JSON.parse(readFileSync(join(release, name), "utf8"));
  verify(json, key);
  refuses("another key", json, other);
  const forged = structuredClone(json);
  const payload = Buffer.from(forged.dsseEnvelope.payload, "base64");
  payload[payload.length - 2] ^= 1;
  forged.dsseEnvelope.payload = payload.toString("base64");
  refuses("another payload", forged, key);
  console.log(`ok    ${name}`);
}
