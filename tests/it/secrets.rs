//! What must never be shown: passphrases, private keys, the ledger's salt key, credentials of stores. Every verb that has
//! one at hand runs here, also into errors, at the most talkative log level there is.

use crate::harness::{SALT, Sandbox, config, tree};
use base64::Engine as _;

const PASSPHRASE: &str = "a passphrase nobody would think of";
const STORE_SECRET: &str = "wJalr-made-up-store-secret";

const COUNTERSIGN: &[&str] = &[
    "countersign",
    "signed",
    "--key",
    "key.pem",
    "--producer",
    "key.pub.pem",
    "--name",
    "a",
    "--id",
    "https://example.org/a",
];

/// A run: arguments, whether the passphrase it is given is the right one, and its exit code.
const RUNS: &[(&[&str], bool, i32)] = &[
    (&["keygen", "--encrypt", "--out", "key.pem"], true, 0),
    (&["run", "c.toml", "--out", "signed", "--key", "key.pem", "--salt-key", "salt.key"], true, 0),
    (&["run", "c.toml", "--out", "refused", "--key", "key.pem"], false, 2),
    (&["run", "c.toml", "--out", "later", "--salt-key", "salt.key"], true, 0),
    (&["sign", "later", "--key", "key.pem"], false, 2),
    (&["sign", "later", "--key", "key.pem"], true, 0),
    (COUNTERSIGN, true, 0),
    (&["verify", "signed", "--key", "key.pub.pem"], true, 0),
    (&["verify", "signed", "--key", "key.pem"], true, 2),
    (&["explain", "signed", "0:1"], true, 0),
    (&["prove", "signed", "--record", "0:1", "--out", "proof"], true, 0),
    (&["run", "s3.toml", "--out", "stored"], true, 2),
    (&["run", "c.toml", "--out", "s3://bucket/folder", "--staging", "staged", "--key", "key.pem"], true, 2),
];

#[test]
fn no_secret_is_printed_or_published() {
    let sandbox = Sandbox::new();
    sandbox.samples("corpus", 30);
    sandbox.write("salt.key", SALT);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"gopher-quality\"\n"));
    sandbox.write("s3.toml", config("").replace("corpus/*.parquet", "s3://bucket/*.parquet"));
    let mut said = String::new();
    for (arguments, right, code) in RUNS {
        let mut command = sandbox.command(arguments);
        command
            .env("PROBITY_PASSPHRASE", if *right { PASSPHRASE } else { "another" })
            .env("RUST_LOG", "trace");
        // nobody listens there
        command.env("AWS_ENDPOINT", "http://127.0.0.1:9").env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_ACCESS_KEY_ID", "made-up").env("AWS_SECRET_ACCESS_KEY", STORE_SECRET);
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(*code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        said.push_str(&String::from_utf8(output.stdout).unwrap());
        said.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    assert!(sandbox.path("signed/manifest.sigstore.json").exists(), "{said}");
    assert!(sandbox.path("later/manifest.sigstore.json").exists(), "{said}");

    let hex: String = SALT.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(SALT);
    let private: String = String::from_utf8(sandbox.read("key.pem")).unwrap();
    let private = private.lines().nth(1).unwrap();
    let secrets = [PASSPHRASE, STORE_SECRET, &hex, &base64, private];
    for secret in secrets {
        assert!(!said.contains(secret), "`{secret}` was printed:\n{said}");
    }
    for release in ["signed", "later"] {
        for (name, bytes) in tree(&sandbox.path(release)) {
            let holds = |secret: &&str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!secrets.iter().any(holds), "{release}/{name}");
            let salt = bytes.windows(SALT.len()).any(|part| part == SALT);
            assert_eq!(salt, name == "auditor/salt.key", "{release}/{name}");
        }
    }
}
