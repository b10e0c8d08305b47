use std::fs;
use std::process::{Command, Output};

use ed25519_dalek::pkcs8::{EncodePrivateKey, EncodePublicKey, KeypairBytes, PublicKeyBytes};
use p256::pkcs8::LineEnding;
use tempfile::{TempDir, tempdir};

use super::*;

const BOTH: [Algorithm; 2] = [Algorithm::P256, Algorithm::Ed25519];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn loaded(text: &str) -> Result<SigningKey, KeyError> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("key.pem");
    fs::write(&path, text).unwrap();
    SigningKey::load(&path)
}

/// RFC 6979, appendix A.2.5, as SEC1 PEM.
fn rfc6979_sec1() -> String {
    let secret = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    p256::SecretKey::from_slice(&secret).unwrap().to_sec1_pem(LineEnding::LF).unwrap().to_string()
}

#[test]
fn p256_signatures_are_those_of_rfc_6979() {
    let key = loaded(&rfc6979_sec1()).unwrap();
    assert_eq!(key.public().algorithm(), Algorithm::P256);
    let signature = p256::ecdsa::Signature::from_der(&key.sign(b"sample")).unwrap();
    let expected = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                    f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    assert_eq!(signature.to_bytes().as_slice(), hex(expected));
    // Fixed-size r || s is another encoding and not taken for DER.
    assert!(matches!(key.public().verify(b"sample", &hex(expected)), Err(KeyError::Signature)));
}

#[test]
fn ed25519_signatures_are_those_of_rfc_8032() {
    let secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let bytes = KeypairBytes { secret_key: secret.try_into().unwrap(), public_key: None };
    let key = loaded(&bytes.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap();
    assert_eq!(key.public().algorithm(), Algorithm::Ed25519);
    let expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                    5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    assert_eq!(key.sign(b""), hex(expected), "section 7.1, test 1");
    assert!(key.public().verify(b"", &hex(expected)).is_ok());
    let with_public = KeypairBytes { public_key: bytes_of(&key), ..bytes };
    assert!(loaded(&with_public.to_pkcs8_pem(LineEnding::LF).unwrap()).is_ok(), "version 2 is read as well");
}

fn bytes_of(key: &SigningKey) -> Option<PublicKeyBytes> {
    let point = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let bytes = PublicKeyBytes(point.try_into().unwrap());
    assert_eq!(bytes.to_public_key_pem(LineEnding::LF).unwrap(), key.public().to_pem());
    Some(bytes)
}

#[test]
fn signatures_hold_for_one_key_and_one_message() {
    for algorithm in BOTH {
        let (key, other) =
            (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
        let signature = key.sign(b"message");
        assert_eq!(signature, key.sign(b"message"), "deterministic");
        assert!(key.public().verify(b"message", &signature).is_ok());
        assert!(key.public().verify(b"massage", &signature).is_err());
        assert!(other.public().verify(b"message", &signature).is_err());
        for length in 0..signature.len() {
            assert!(key.public().verify(b"message", &signature[..length]).is_err());
        }
        let longer = [signature.as_slice(), &[0]].concat();
        assert!(key.public().verify(b"message", &longer).is_err());
    }
}

#[test]
fn saved_keys_are_read_back() {
    for algorithm in BOTH {
        let folder = tempdir().unwrap();
        let path = folder.path().join("producer.pem");
        let key = SigningKey::generate(algorithm).unwrap();
        let public_path = key.save(&path).unwrap();
        assert_eq!(public_path, folder.path().join("producer.pub.pem"));
        let public = PublicKey::load(&public_path).unwrap();
        assert_eq!(public, key.public());
        assert_eq!(SigningKey::load(&path).unwrap().sign(b"x"), key.sign(b"x"));
        let text = fs::read_to_string(&public_path).unwrap();
        assert_eq!(public.to_pem(), text);
        assert_eq!(public.hint(), crate::digest::Sha256::of(text.as_bytes()).to_string());
        assert_eq!(public.key_id().len(), 64);
        let reread = PublicKey::from_pem(&text.replace('\n', "\r\n")).unwrap();
        assert_eq!((reread.hint(), reread.key_id()), (public.hint(), public.key_id()));
    }
}

#[cfg(unix)]
#[test]
fn private_keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempdir().unwrap();
    let path = folder.path().join("k.pem");
    SigningKey::generate(Algorithm::P256).unwrap().save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn nothing_is_overwritten() {
    let key = SigningKey::generate(Algorithm::P256).unwrap();
    for existing in ["k.pem", "k.pub.pem"] {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join(existing), "mine").unwrap();
        let result = key.save(&folder.path().join("k.pem"));
        assert!(matches!(result, Err(KeyError::Exists(path)) if path.ends_with(existing)));
        assert_eq!(fs::read_to_string(folder.path().join(existing)).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half pair is left");
    }
    let folder = tempdir().unwrap();
    assert_eq!(
        key.save(&folder.path().join("no-extension")).unwrap(),
        folder.path().join("no-extension.pub.pem")
    );
    assert!(matches!(key.save(&folder.path().join("absent/k.pem")), Err(KeyError::Io { .. })));
}

#[test]
fn secrets_are_not_shown() {
    for algorithm in BOTH {
        let key = SigningKey::generate(algorithm).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(
            shown,
            format!("SigningKey(secret of PublicKey({algorithm:?}, {}))", key.public().key_id())
        );
    }
}

#[test]
fn wrong_files_are_named() {
    let key = SigningKey::generate(Algorithm::P256).unwrap();
    let public = key.public().to_pem();
    let label = |result: Result<(), KeyError>| match result {
        Err(KeyError::Label { found, .. }) => found,
        other => panic!("{other:?}"),
    };
    let private = |text: &str| loaded(text).map(drop);
    let read = |text: &str| PublicKey::from_pem(text).map(drop);
    assert_eq!(label(private(&public)), "public key");
    assert_eq!(label(private("")), "no PEM block");
    assert_eq!(label(private("-----BEGIN PRIVATE KEY-----\n")), "no PEM block");
    assert_eq!(label(read(&rfc6979_sec1())), "ec private key");
    assert_eq!(label(read(&[public.as_str(), &public].concat())), "several PEM blocks");
    assert!(matches!(read(&public.replace("MF", "MG")), Err(KeyError::Unsupported(_))));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert!(matches!(private(encrypted), Err(KeyError::Encrypted)));
    assert!(matches!(private(&public.replace("PUBLIC", "PRIVATE")), Err(KeyError::Unsupported(_))));
    let folder = tempdir().unwrap();
    assert!(matches!(SigningKey::load(&folder.path().join("absent")), Err(KeyError::Io { .. })));
    fs::write(folder.path().join("large"), vec![b' '; 100_000]).unwrap();
    assert!(matches!(PublicKey::load(&folder.path().join("large")), Err(KeyError::Label { .. })));
    fs::write(folder.path().join("binary"), [0xff]).unwrap();
    assert!(matches!(PublicKey::load(&folder.path().join("binary")), Err(KeyError::Label { .. })));
}

#[test]
fn weak_ed25519_keys_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let pem = PublicKeyBytes(identity).to_public_key_pem(LineEnding::LF).unwrap();
    assert!(matches!(PublicKey::from_pem(&pem), Err(KeyError::Weak)));
}

/// Runs `openssl` in a folder; `None`, with a message, where it is not installed.
fn openssl(folder: &TempDir, arguments: &str) -> Option<Output> {
    match Command::new("openssl").args(arguments.split(' ')).current_dir(folder.path()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped, no openssl: {error}");
            None
        }
    }
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signatures() {
    for algorithm in BOTH {
        let folder = tempdir().unwrap();
        let key = SigningKey::generate(algorithm).unwrap();
        let public = key.save(&folder.path().join("k.pem")).unwrap();
        fs::write(folder.path().join("message"), b"message").unwrap();
        fs::write(folder.path().join("sig"), key.sign(b"message")).unwrap();
        let Some(derived) = openssl(&folder, "pkey -in k.pem -pubout") else { return };
        assert_eq!(derived.stdout, fs::read(&public).unwrap(), "{derived:?}");
        let verify = match algorithm {
            Algorithm::P256 => "dgst -sha256 -verify k.pub.pem -signature sig message",
            Algorithm::Ed25519 => "pkeyutl -verify -pubin -inkey k.pub.pem -rawin -in message -sigfile sig",
        };
        let verified = openssl(&folder, verify).unwrap();
        assert!(verified.status.success(), "{verified:?}");
        fs::write(folder.path().join("message"), b"massage").unwrap();
        assert!(!openssl(&folder, verify).unwrap().status.success());
    }
}

#[test]
fn keys_and_signatures_of_openssl_are_taken() {
    let made = [
        ("ecparam -name prime256v1 -genkey -out k.pem", "dgst -sha256 -sign k.pem -out sig message"),
        ("ecparam -name prime256v1 -genkey -noout -out k.pem", "dgst -sha256 -sign k.pem -out sig message"),
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.pem",
            "dgst -sha256 -sign k.pem -out sig message",
        ),
        ("genpkey -algorithm ed25519 -out k.pem", "pkeyutl -sign -inkey k.pem -rawin -in message -out sig"),
    ];
    for (make, sign) in made {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("message"), b"message").unwrap();
        let Some(output) = openssl(&folder, make) else { return };
        assert!(output.status.success(), "{output:?}");
        let key = SigningKey::load(&folder.path().join("k.pem")).unwrap();
        assert!(openssl(&folder, sign).unwrap().status.success());
        let signature = fs::read(folder.path().join("sig")).unwrap();
        assert!(key.public().verify(b"message", &signature).is_ok(), "{make}");
        let public = openssl(&folder, "pkey -in k.pem -pubout").unwrap();
        assert_eq!(key.public().to_pem().into_bytes(), public.stdout);
    }
}

#[test]
fn other_algorithms_are_refused() {
    let made = [
        "ecparam -name secp384r1 -genkey -noout -out k.pem",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k.pem",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem",
        "genpkey -algorithm x25519 -out k.pem",
    ];
    for make in made {
        let folder = tempdir().unwrap();
        let Some(output) = openssl(&folder, make) else { return };
        assert!(output.status.success(), "{output:?}");
        let private = SigningKey::load(&folder.path().join("k.pem"));
        assert!(matches!(private, Err(KeyError::Unsupported(_))), "{make}: {private:?}");
        assert!(openssl(&folder, "pkey -in k.pem -pubout -out p.pem").unwrap().status.success());
        let public = PublicKey::load(&folder.path().join("p.pem"));
        assert!(matches!(public, Err(KeyError::Unsupported(_))), "{make}: {public:?}");
    }
}

#[test]
fn encrypted_keys_open_with_their_passphrase_alone() {
    for algorithm in [Algorithm::P256, Algorithm::Ed25519] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("k.pem");
        let key = SigningKey::generate(algorithm).unwrap();
        key.save_encrypted(&path, b"correct horse").unwrap();
        assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert_eq!(SigningKey::load_with(&path, b"correct horse").unwrap().public(), key.public());
        assert!(matches!(SigningKey::load_with(&path, b"wrong"), Err(KeyError::Passphrase)));
        assert!(matches!(SigningKey::load(&path), Err(KeyError::Encrypted)));
        let Some(read) = openssl(&folder, "pkey -in k.pem -passin pass:correct_horse -pubout") else {
            return;
        };
        assert!(!read.status.success(), "another passphrase");
        // and what openssl encrypts is read
        let made = openssl(&folder, "genpkey -algorithm ed25519 -aes256 -pass pass:x -out e.pem").unwrap();
        assert!(made.status.success(), "{made:?}");
        let theirs = SigningKey::load_with(&folder.path().join("e.pem"), b"x").unwrap();
        let public = openssl(&folder, "pkey -in e.pem -passin pass:x -pubout").unwrap();
        assert_eq!(theirs.public().to_pem().into_bytes(), public.stdout);
    }
}

#[test]
fn openssl_reads_our_encrypted_keys() {
    let folder = tempdir().unwrap();
    let key = SigningKey::generate(Algorithm::P256).unwrap();
    key.save_encrypted(&folder.path().join("k.pem"), b"x").unwrap();
    let Some(read) = openssl(&folder, "pkey -in k.pem -passin pass:x -pubout") else { return };
    assert_eq!(read.stdout, key.public().to_pem().into_bytes(), "{read:?}");
}
