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
    let public = key.save(&arguments.out)?;
    say(format_args!("private key  {} (keep it secret)", arguments.out.display()))?;
    say(format_args!("public key   {}", public.display()))?;
    say(format_args!("key id       {}", key.public().key_id()))?;
    Ok(ExitCode::SUCCESS)
}
