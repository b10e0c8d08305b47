//! Making releases, verifying them, reading their ledgers.

use crate::errors::{bug, failed, failed_file};
use crate::frames::Stream;
use crate::interrupt::stoppable;
use crate::judge::{overrides, told};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use manifests::keys::{Algorithm, PublicKey, SigningKey};
use manifests::ledger::SaltKey;
use manifests::verify::{Level, Request};
use pipeline::{
    Config, Destination, Error, LedgerBatches, Made, Options, Place, Plan, Progress, ReleaseEvidence,
    ReleaseReplay, Stop, parse_memory,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What a run is about.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Order {
    config: PathBuf,
    text: String,
    set: Vec<String>,
    salt_key: Option<PathBuf>,
    threads: Option<usize>,
    memory: String,
    /// `YYYY-MM-DD`, for warnings.
    today: String,
}

/// Where a release is made, and who signs it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Where {
    out: String,
    staging: Option<PathBuf>,
    key: Option<PathBuf>,
    passphrase: Option<Vec<u8>>,
}

/// What came of a release: the limits of its gate that are broken, and where it was uploaded to.
pub type Concluded = (Vec<String>, Option<String>);

/// Makes a release.
#[pyfunction]
pub fn run(py: Python<'_>, order: Order, place: Where) -> PyResult<Concluded> {
    let overrides = overrides(&order.set)?;
    let memory = memory(&order.memory)?;
    let salt_key = order.salt_key.as_deref().map(salt_key).transpose()?;
    let (place, key) = place.open()?;
    let threads = threads(order.threads);
    stoppable(py, |stop| {
        let plan = Plan::new(Config::parse(&order.config, &order.text, &overrides)?)?;
        plan.warnings(&order.today).iter().for_each(|warning| tracing::warn!("{warning}"));
        let release = place.release.clone();
        let options = Options { release, key: key.as_ref(), salt_key, threads, memory, stop: stop.clone() };
        conclude(&place.make(&plan, &options, &Passes::default())?, &place, stop)
    })
}

/// Brings a release that was made to where it belongs.
pub fn conclude(made: &Made, place: &Place, stop: &Stop) -> pipeline::Result<Concluded> {
    let uploaded = match &place.destination {
        Some(destination) if made.gate().is_empty() => {
            destination.upload(&place.release, stop, &Passes::default())?;
            Some(destination.to_string())
        }
        _ => None,
    };
    Ok((made.gate().to_vec(), uploaded))
}

impl Where {
    /// The place and the key.
    pub fn open(&self) -> PyResult<(Place, Option<SigningKey>)> {
        let wrong = |why: &str| Err(PyValueError::new_err(why.to_string()));
        let key =
            self.key.as_deref().map(|path| signing_key(path, self.passphrase.as_deref())).transpose()?;
        let destination = Destination::parse(&self.out).map_err(failed)?;
        let release = match (&destination, &self.staging) {
            (None, None) => PathBuf::from(&self.out),
            (Some(_), None) => {
                return wrong(
                    "`out` is a URL: give `staging`, the directory where the release is made first",
                );
            }
            (Some(_), Some(_)) if key.is_none() => {
                return wrong("an object store takes signed releases only: give `key`");
            }
            (Some(_), Some(staging)) => staging.clone(),
            (None, Some(_)) => return wrong("`staging` is for an `out` in an object store"),
        };
        Ok((Place { release, destination }, key))
    }
}

/// What is asked of a release.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Asked {
    levels: Option<Vec<String>>,
    inputs: Option<PathBuf>,
    config: Option<PathBuf>,
    assets: PathBuf,
    scratch: PathBuf,
}

/// Verifies a release: the report as JSON, and the exit code that `probity verify` would have.
#[pyfunction]
pub fn verify(py: Python<'_>, release: PathBuf, key: PathBuf, asked: Asked) -> PyResult<(String, u8)> {
    let Asked { levels, inputs, config, assets, scratch } = asked;
    let level = |text: String| text.parse::<Level>().map_err(|e| PyValueError::new_err(e.to_string()));
    let levels =
        levels.map(|levels| levels.into_iter().map(level).collect::<PyResult<Vec<_>>>()).transpose()?;
    if !release.is_dir() {
        return Err(failed(Error::Release { path: release, why: "not a directory".into() }));
    }
    let key = PublicKey::load(&key).map_err(|e| failed_file(&key, e))?;
    let replays = levels.as_ref().is_some_and(|levels| levels.contains(&Level::Replay));
    let request = Request { levels, inputs, ..Request::default() };
    let report = py.detach(|| {
        let evidence = ReleaseEvidence::of(&release);
        let replay = replays.then(|| {
            let replay = ReleaseReplay::new(&release, &assets, &scratch, threads(None));
            match &config {
                Some(config) => replay.with_config(config),
                None => replay,
            }
        });
        let replay = replay.as_ref().map(|replay| replay as &dyn manifests::verify::Replay);
        manifests::verify::verify_replaying(&release, &key, &request, &evidence, replay)
    });
    Ok((serde_json::to_string(&report).map_err(bug)?, report.exit_code()))
}

/// The ledger of a release.
#[pyfunction]
pub fn ledger(py: Python<'_>, release: PathBuf) -> PyResult<Stream> {
    let batches = py.detach(|| LedgerBatches::open(&release)).map_err(failed)?;
    Ok(Stream::new(Box::new(Ledger(batches))))
}

/// Makes a signing key; the file of the public key.
#[pyfunction]
pub fn keygen(path: PathBuf) -> PyResult<PathBuf> {
    let saved = SigningKey::generate(Algorithm::P256).and_then(|key| key.save(&path));
    saved.map_err(|e| failed(Error::Output { path, why: e.to_string() }))
}

/// Writes a small corpus.
#[pyfunction]
pub fn samples(py: Python<'_>, folder: PathBuf, seed: u64, records: usize) -> PyResult<()> {
    py.detach(|| pipeline::samples::write(&folder, seed, records)).map(drop).map_err(failed)
}

struct Ledger(LedgerBatches);

impl Iterator for Ledger {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map_err(told))
    }
}

impl RecordBatchReader for Ledger {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }
}

fn signing_key(path: &Path, passphrase: Option<&[u8]>) -> PyResult<SigningKey> {
    let loaded = match passphrase {
        Some(passphrase) => SigningKey::load_with(path, passphrase),
        None => SigningKey::load(path),
    };
    loaded.map_err(|e| failed_file(path, e))
}

/// The key that opens the ledger's commitments.
pub fn salt_key(path: &Path) -> PyResult<SaltKey> {
    let bytes = std::fs::read(path).map_err(|e| failed_file(path, e))?;
    let len = bytes.len();
    let bytes = bytes.try_into().map_err(|_| failed_file(path, format!("expected 32 bytes, got {len}")))?;
    Ok(SaltKey::from_bytes(bytes))
}

/// Threads asked for, or one for each processor.
fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The memory of a process, in bytes.
#[pyfunction(name = "parse_memory")]
pub fn memory(text: &str) -> PyResult<u64> {
    parse_memory(text).map_err(|why| PyValueError::new_err(format!("memory `{text}`: {why}")))
}

/// Tells the log when a pass ends.
#[derive(Default)]
pub struct Passes(Mutex<Option<(String, Instant)>>);

impl Progress for Passes {
    fn begin(&self, pass: &str, _total: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((pass.to_string(), Instant::now()));
    }

    fn advance(&self, _units: u64) {}

    fn end(&self) {
        if let Some((pass, begun)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            tracing::info!("{pass}: done in {:.2} s", begun.elapsed().as_secs_f64());
        }
    }
}
