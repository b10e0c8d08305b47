//! What needs more than a changed file: links, other algorithms, other tools.

use std::path::Path;
use std::process::Command;

use super::fixture::Fixture;
use super::{failed, names};
use crate::keys::Algorithm;
use crate::verify::{CheckId, Status};

#[cfg(unix)]
#[test]
fn symbolic_links_are_findings_wherever_they_lie() {
    for file in
        ["data/part-00000.parquet", "auditor/salt.key", "manifest.sigstore.json", "SHA256SUMS", "extra"]
    {
        let release = Fixture::sealed();
        let (path, elsewhere) = (release.dir().join(file), release.inputs().join("moved"));
        if path.exists() {
            std::fs::rename(&path, &elsewhere).unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let report = release.verify();
        assert!(report.exit_code() == 1 && names(&report, file), "`{file}`: {report}");
    }
}

#[cfg(unix)]
#[test]
fn a_linked_folder_does_not_hide_its_files() {
    let release = Fixture::sealed();
    let elsewhere = release.inputs().join("moved");
    std::fs::rename(release.dir().join("data"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, release.dir().join("data")).unwrap();
    let report = release.verify();
    assert_eq!(
        failed(&report),
        ["files.missing", "files.extra", "files.directory", "content.bijection", "content.root"],
        "{report}"
    );
}

#[cfg(unix)]
#[test]
fn names_that_cannot_be_written_down_are_findings() {
    let release = Fixture::sealed();
    release.write("data/line\nbreak", b"x");
    assert_eq!(failed(&release.verify()), ["files.extra"]);
}

#[test]
fn ed25519_releases_have_no_dataset_sig_and_say_so() {
    let release = Fixture::sealed_with(Algorithm::Ed25519);
    assert!(!release.files().contains(&"attestations/dataset.sig".to_owned()));
    let report = release.verify();
    assert_eq!(report.exit_code(), 0, "{report}");
    assert_eq!(report.status(CheckId::SignatureDirectory), Status::NotRequested);
    assert!(report.to_string().contains("the format has no Ed25519"), "{report}");
    release.write("attestations/dataset.sig", b"{}");
    assert_eq!(failed(&release.verify()), ["signature.directory"]);
}

/// The commands an auditor is told to use, with tools that have nothing to do with us.
const COMMANDS: &str = r#"
set -eu
jq -r .dsseEnvelope.payload manifest.sigstore.json | base64 -d > "$OUT/payload.json"
{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$OUT/payload.json")"; cat "$OUT/payload.json"; } > "$OUT/pae.bin"
jq -r '.dsseEnvelope.signatures[0].sig' manifest.sigstore.json | base64 -d > "$OUT/sig.bin"
openssl dgst -sha256 -verify "$OUT/pub.pem" -signature "$OUT/sig.bin" "$OUT/pae.bin"
sums=$(jq -r '.subject[]|select(.name=="SHA256SUMS").digest.sha256' "$OUT/payload.json")
echo "$sums  SHA256SUMS" | sha256sum --strict --status -c -
sha256sum --strict --status -c SHA256SUMS
jq -r .dsseEnvelope.payload attestations/dataset.sig | base64 -d > "$OUT/directory.json"
{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$OUT/directory.json")"; cat "$OUT/directory.json"; } > "$OUT/pae2.bin"
jq -r '.dsseEnvelope.signatures[0].sig' attestations/dataset.sig | base64 -d > "$OUT/sig2.bin"
openssl dgst -sha256 -verify "$OUT/pub.pem" -signature "$OUT/sig2.bin" "$OUT/pae2.bin"
if command -v model_signing > "$OUT/found"; then
  model_signing verify key . --signature attestations/dataset.sig --public_key "$OUT/pub.pem"
fi
"#;

#[test]
fn other_tools_agree() {
    if ["openssl", "jq", "sha256sum"].iter().any(|tool| Command::new(tool).arg("--version").output().is_err())
    {
        eprintln!("skipped: needs openssl, jq and sha256sum");
        return;
    }
    let release = Fixture::sealed();
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("pub.pem"), release.public().to_pem()).unwrap();
    assert!(run(release.dir(), out.path()), "the honest release");
    std::fs::remove_dir_all(release.dir().join("auditor")).unwrap();
    std::fs::remove_file(release.dir().join("run.json")).unwrap();
    assert!(run(release.dir(), out.path()), "its public view");
    release.replace("data/part-00000.parquet", "a", "b");
    assert!(!run(release.dir(), out.path()), "a changed one");
}

fn run(release: &Path, out: &Path) -> bool {
    let output =
        Command::new("sh").args(["-c", COMMANDS]).current_dir(release).env("OUT", out).output().unwrap();
    eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output.status.success()
}
