//! What a third party does with tools that have nothing to do with us: openssl, jq, coreutils.

use crate::harness::{Sandbox, profile};
use std::process::Command;

const SIGNATURE: &str = r#"set -eu
jq -r .dsseEnvelope.payload release/manifest.sigstore.json | base64 -d > payload.json
{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < payload.json)"; cat payload.json; } > pae.bin
jq -r '.dsseEnvelope.signatures[0].sig' release/manifest.sigstore.json | base64 -d > sig.bin
"#;

const P256: &str = "openssl dgst -sha256 -verify producer.pub.pem -signature sig.bin pae.bin";
const ED25519: &str =
    "openssl pkeyutl -verify -pubin -inkey producer.pub.pem -rawin -in pae.bin -sigfile sig.bin";

const FILES: &str = r#"set -eu
signed="$(jq -r '.subject[] | select(.name=="SHA256SUMS").digest.sha256' payload.json)"
found="$(sha256sum release/SHA256SUMS | cut -d ' ' -f 1)"
test "$signed" = "$found"
cd release && sha256sum --strict --quiet -c SHA256SUMS
"#;

fn missing() -> Option<&'static str> {
    ["openssl", "jq", "sha256sum", "base64", "sh"].into_iter().find(|tool| {
        let version = if *tool == "openssl" { "version" } else { "--version" };
        let arguments: &[&str] = if *tool == "sh" { &["-c", "true"] } else { &[version] };
        !Command::new(tool).args(arguments).output().is_ok_and(|output| output.status.success())
    })
}

fn shell(sandbox: &Sandbox, script: &str) -> (bool, String) {
    let output = Command::new("sh").args(["-c", script]).current_dir(sandbox.path("")).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn released(algorithm: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(&["keygen", "--out", "producer.pem", "--alg", algorithm]).expect(0);
    sandbox.samples("corpus", 80);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.run(&["run", "c.toml", "--out", "release", "--key", "producer.pem"]).expect(0);
    sandbox
}

#[test]
fn openssl_and_coreutils_check_a_release() {
    if let Some(tool) = missing() {
        println!("skipped: no {tool}");
        return;
    }
    for (algorithm, verify) in [("p256", P256), ("ed25519", ED25519)] {
        let sandbox = released(algorithm);
        let (ok, said) = shell(&sandbox, &format!("{SIGNATURE}{verify}"));
        assert!(ok, "{algorithm}: {said}");
        let (ok, said) = shell(&sandbox, FILES);
        assert!(ok && said.is_empty(), "{algorithm}: {said}");

        // and they say no where we say no
        sandbox.write("payload.json", [&sandbox.read("payload.json")[..], b" "].concat());
        let (ok, said) = shell(&sandbox, &format!("printf x >> pae.bin; {verify}"));
        assert!(!ok, "{algorithm}: {said}");
        sandbox.write("release/data/part-00000.parquet", b"something else");
        let (ok, said) = shell(&sandbox, FILES);
        assert!(!ok && said.contains("data/part-00000.parquet: FAILED"), "{algorithm}: {said}");
    }
}

#[test]
fn our_keys_are_ordinary_keys() {
    if let Some(tool) = missing() {
        println!("skipped: no {tool}");
        return;
    }
    let sandbox = Sandbox::new();
    for algorithm in ["p256", "ed25519"] {
        let (private, public) = (format!("{algorithm}.pem"), format!("{algorithm}.pub.pem"));
        sandbox.run(&["keygen", "--out", &private, "--alg", algorithm]).expect(0);
        let (ok, said) = shell(&sandbox, &format!("openssl pkey -in {private} -pubout | cmp - {public}"));
        assert!(ok, "{said}");
    }
    // and keys that openssl makes sign releases of ours
    let make = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out producer.pem && openssl pkey -in producer.pem -pubout -out producer.pub.pem";
    let (ok, said) = shell(&sandbox, make);
    assert!(ok, "{said}");
    sandbox.samples("corpus", 40);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.run(&["run", "c.toml", "--out", "release", "--key", "producer.pem"]).expect(0);
    sandbox.verify("release", &[]).expect(0);
}

const AUTHORITY: &str = r#"set -e
cat > tsa.cnf <<'END'
[req]
distinguished_name = name
x509_extensions = tsa_certificate
prompt = no
[name]
CN = an authority
[tsa_certificate]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = authority
[authority]
serial = serial
digests = sha256
default_policy = 1.2.3.4
signer_digest = sha256
END
echo 01 > serial
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -days 30 -config tsa.cnf
openssl ts -query -data stamped.bin -sha256 -cert -out sig.tsq
openssl ts -reply -queryfile sig.tsq -config tsa.cnf -inkey tsa.key -signer tsa.pem -out sig.tsr
"#;

#[test]
fn an_authority_puts_a_time_to_a_release() {
    if let Some(tool) = missing() {
        println!("skipped: no {tool}");
        return;
    }
    let sandbox = released("p256");
    sandbox.run(&["timestamp", "release"]).expect(2);
    sandbox.run(&["timestamp", "release", "--signature", "stamped.bin"]).expect(0);
    let (ok, said) = shell(&sandbox, AUTHORITY);
    if !ok {
        println!("skipped: no timestamps from openssl: {said}");
        return;
    }
    sandbox.verify("release", &["--authority", "tsa.pem"]).expect(1);
    sandbox.run(&["timestamp", "release", "--token", "sig.tsq"]).expect(2);
    sandbox.run(&["timestamp", "release", "--token", "sig.tsr"]).expect(0);
    sandbox.verify("release", &["--authority", "tsa.pem"]).expect(0);
}
