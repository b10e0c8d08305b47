use std::path::Path;
use std::process::Command;

use super::*;
use crate::tamper_tests::fixture::Fixture;
use crate::tamper_tests::{TextEvidence, failed};
use crate::verify::{CheckId, Request, Status, verify};

/// What an authority does, with openssl: a key, a certificate, and an answer about `sig.bin`.
const AUTHORITY: &str = r#"
set -eu
cat > tsa.cnf <<CNF
[req]
distinguished_name = dn
x509_extensions = ext
prompt = no
[dn]
CN = A test authority
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384
accuracy = secs:1
ess_cert_id_alg = sha256
CNF
for name in tsa other; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.pem -days 30 -config tsa.cnf
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plain.key -out plain.pem -days 30 -subj /CN=plain
openssl ts -query -data sig.bin -sha256 -cert -out sig.tsq
openssl ts -reply -queryfile sig.tsq -config tsa.cnf -inkey tsa.key -signer tsa.pem -out sig.tsr
openssl ts -query -data sig.bin -sha384 -out sha384.tsq
openssl ts -reply -queryfile sha384.tsq -config tsa.cnf -inkey tsa.key -signer tsa.pem -out sha384.tsr
echo other > other.bin
openssl ts -query -data other.bin -sha256 -out other.tsq
openssl ts -reply -queryfile other.tsq -config tsa.cnf -inkey tsa.key -signer tsa.pem -out other.tsr
"#;

fn authority(folder: &Path, signature: &[u8]) -> bool {
    std::fs::write(folder.join("sig.bin"), signature).unwrap();
    match Command::new("sh").args(["-c", AUTHORITY]).current_dir(folder).output() {
        Ok(output) if output.status.success() => true,
        output => {
            eprintln!("skipped: no timestamps from openssl: {output:?}");
            false
        }
    }
}

fn read(folder: &Path, file: &str) -> Vec<u8> {
    std::fs::read(folder.join(file)).unwrap()
}

fn pem(folder: &Path, file: &str) -> String {
    String::from_utf8(read(folder, file)).unwrap()
}

#[test]
fn a_token_of_another_tool_is_attached_and_checked() {
    for algorithm in [crate::keys::Algorithm::P256, crate::keys::Algorithm::Ed25519] {
        let release = Fixture::sealed_with(algorithm);
        let folder = tempfile::tempdir().unwrap();
        let signature = stamped_signature(release.dir()).unwrap();
        if !authority(folder.path(), &signature) {
            return;
        }
        let trusted = Authority::from_pem(&pem(folder.path(), "tsa.pem")).unwrap();
        let request = Request { authorities: vec![trusted.clone()], ..Request::default() };
        let check = |release: &Fixture| verify(release.dir(), &release.public(), &request, &TextEvidence);
        assert_eq!(failed(&check(&release)), ["signature.timestamp"], "asked for, and none there");
        let error = attach(release.dir(), &read(folder.path(), "other.tsr")).unwrap_err();
        assert!(error.to_string().contains("is about"), "{error}");
        attach(release.dir(), &read(folder.path(), "sig.tsr")).unwrap();
        let report = check(&release);
        assert_eq!((report.exit_code(), report.timestamps.len()), (0, 1), "{report}");
        assert!(report.to_string().contains("existed before"), "{report}");
        let unasked = release.verify();
        assert_eq!(unasked.exit_code(), 0, "{unasked}");
        assert_eq!(unasked.status(CheckId::SignatureTimestamp), Status::NotRequested);
        let other = Authority::from_pem(&pem(folder.path(), "other.pem")).unwrap();
        let request = Request { authorities: vec![other], ..Request::default() };
        let report = verify(release.dir(), &release.public(), &request, &TextEvidence);
        assert_eq!(failed(&report), ["signature.timestamp"], "{report}");
    }
}

#[test]
fn tokens_and_certificates_that_do_not_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    if !authority(folder.path(), b"a signature") {
        return;
    }
    let trusted = Authority::from_pem(&pem(folder.path(), "tsa.pem")).unwrap();
    let token = token_of(&read(folder.path(), "sig.tsr")).unwrap();
    assert_eq!(token_of(&token).unwrap(), token, "a bare token is a token");
    check(&token, b"a signature", &trusted).unwrap();
    assert!(matches!(check(&token, b"another", &trusted), Err(TimestampError::Imprint { .. })));
    let plain = Authority::from_pem(&pem(folder.path(), "plain.pem")).unwrap_err();
    assert!(plain.to_string().contains("purpose"), "{plain}");
    let error =
        token_of(&read(folder.path(), "sha384.tsr")).and_then(|t| check(&t, b"a signature", &trusted));
    assert!(error.unwrap_err().to_string().contains("SHA-256"));
    assert!(Authority::from_pem("nothing").is_err() && token_of(b"nothing").is_err());
    // no byte of a token may change; certificates that came along are not what is trusted
    let mut passed = 0;
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        passed += usize::from(
            check(&changed, b"a signature", &trusted)
                .is_ok_and(|time| time != check(&token, b"a signature", &trusted).unwrap()),
        );
    }
    assert_eq!(passed, 0, "a changed token told another time");
}
