//! `keygen`: makes a signing key.

use crate::say;
use anyhow::Result;
use manifests::keys::{Algorithm, SigningKey};
use std::path::PathBuf;
use std::process::ExitCode;

/// Make a signing key.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the private key goes; the public key goes beside it as `*.pub.pem`. Nothing is overwritten
    #[arg(long, value_name = "FILE", default_value = "producer.pem")]
    out: PathBuf,
    /// `p256` is understood by every verifier; `ed25519` by fewer
    #[arg(long, value_enum, default_value = "p256")]
    alg: Choice,
    /// Encrypt the private key with the passphrase in PROBITY_PASSPHRASE, or in the file PROBITY_PASSPHRASE_FILE names
    #[arg(long)]
    encrypt: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Choice {
    P256,
    Ed25519,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let algorithm = match arguments.alg {
        Choice::P256 => Algorithm::P256,
        Choice::Ed25519 => Algorithm::Ed25519,
    };
    let key = SigningKey::generate(algorithm)?;
    let public = match (arguments.encrypt, super::passphrase()?) {
        (false, _) => key.save(&arguments.out)?,
        (true, Some(passphrase)) if !passphrase.is_empty() => {
            key.save_encrypted(&arguments.out, &passphrase)?
        }
        (true, _) => {
            anyhow::bail!("there is no passphrase: set {} or {}", super::PASSPHRASE, super::PASSPHRASE_FILE)
        }
    };
    say(format_args!("private key  {} (keep it secret)", arguments.out.display()))?;
    say(format_args!("public key   {}", public.display()))?;
    say(format_args!("key id       {}", key.public().key_id()))?;
    Ok(ExitCode::SUCCESS)
}
