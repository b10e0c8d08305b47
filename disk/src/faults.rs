//! Failures on demand. `PROBITY_FAULT=KIND@N` lets the N-th operation of the process, counted from 1, go wrong:
//!
//! | kind | what happens |
//! |---|---|
//! | `kill` | the process ends before the operation |
//! | `tear` | power is lost before the operation: half of what was written to a file and not synced is cut off, names that were given and not synced are taken back, and the process ends |
//! | `enospc` | from then on every operation that needs room fails with `ENOSPC` |
//! | `eio` | the operation fails with `EIO` |
//! | `delay` | the operation begins late, so that other threads overtake it |
//!
//! `PROBITY_FAULT=trace@FILE` writes a line for every operation: what it is, and of which file.
//!
//! What a lost power supply takes is a model, harsher than most file systems are and milder than they may be: synced
//! bytes stay, removed files stay removed, and new files whose folder was not synced stay.

use crate::Operation;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a process ends that is told to: like one that got `SIGKILL`, as shells tell it.
const KILLED: i32 = 137;

/// How late a delayed operation is: longer than any task of the runs it is used on.
const DELAY: Duration = Duration::from_millis(200);

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Tear,
    NoRoom,
    Broken,
    Delay,
}

enum Order {
    Fail(Fault, u64),
    Trace(fs::File),
}

struct Layer {
    order: Order,
    /// Operations so far.
    count: u64,
    /// Files that were written, by name, and how many of their bytes are synced.
    unsynced: BTreeMap<PathBuf, u64>,
    /// Names that were given, in order, and not synced: the old one, the new one.
    unsettled: Vec<(PathBuf, PathBuf)>,
}

static LAYER: LazyLock<Option<Mutex<Layer>>> = LazyLock::new(|| {
    let order = parse(&std::env::var("PROBITY_FAULT").ok()?)?;
    let (unsynced, unsettled) = (BTreeMap::new(), Vec::new());
    Some(Mutex::new(Layer { order, count: 0, unsynced, unsettled }))
});

fn parse(order: &str) -> Option<Order> {
    let (kind, at) = order.split_once('@')?;
    let fault = match kind {
        "kill" => Fault::Kill,
        "tear" => Fault::Tear,
        "enospc" => Fault::NoRoom,
        "eio" => Fault::Broken,
        "delay" => Fault::Delay,
        "trace" => return fs::OpenOptions::new().create(true).append(true).open(at).ok().map(Order::Trace),
        _ => return None,
    };
    Some(Order::Fail(fault, at.parse().ok()?))
}

fn layer() -> Option<MutexGuard<'static, Layer>> {
    LAYER.as_ref().map(|layer| layer.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Counts an operation, and lets it go wrong if it is its turn.
pub(crate) fn before(operation: Operation, path: &Path) -> io::Result<()> {
    match layer() {
        Some(layer) => take_turn(layer, operation, path),
        None => Ok(()),
    }
}

/// The same of a write to an open file.
pub(crate) fn before_write(path: &Path, file: &fs::File) -> io::Result<()> {
    let Some(mut layer) = layer() else { return Ok(()) };
    let synced = || file.metadata().map_or(0, |metadata| metadata.len());
    layer.unsynced.entry(path.to_path_buf()).or_insert_with(synced);
    take_turn(layer, Operation::Write, path)
}

fn take_turn(mut layer: MutexGuard<'_, Layer>, operation: Operation, path: &Path) -> io::Result<()> {
    layer.count += 1;
    let count = layer.count;
    let (fault, at) = match &mut layer.order {
        Order::Fail(fault, at) => (*fault, *at),
        Order::Trace(file) => return writeln!(file, "{operation:?}\t{}", path.display()),
    };
    match fault {
        // the lock is held, so that no other thread does anything any more
        Fault::Kill if count == at => std::process::exit(KILLED),
        Fault::Tear if count == at => {
            layer.lose_power();
            std::process::exit(KILLED)
        }
        Fault::NoRoom if count >= at && operation.needs_room() => Err(io::Error::from_raw_os_error(ENOSPC)),
        Fault::Broken if count == at => Err(io::Error::from_raw_os_error(EIO)),
        Fault::Delay if count == at => {
            drop(layer);
            std::thread::sleep(DELAY);
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Operation {
    fn needs_room(self) -> bool {
        matches!(self, Self::Create | Self::Write | Self::Sync | Self::MakeFolder | Self::Link)
    }
}

impl Layer {
    fn lose_power(&self) {
        for (path, synced) in &self.unsynced {
            if let Ok(file) = fs::OpenOptions::new().write(true).open(path) {
                let written = file.metadata().map_or(0, |metadata| metadata.len());
                let _ = file.set_len(written.midpoint(*synced).min(written));
            }
        }
        for (from, to) in self.unsettled.iter().rev() {
            let _ = fs::rename(to, from);
        }
    }
}

/// A file is there, and empty.
pub(crate) fn created(path: &Path) {
    if let Some(mut layer) = layer() {
        layer.unsynced.insert(path.to_path_buf(), 0);
    }
}

/// What was written to a file stays.
pub(crate) fn synced(path: &Path) {
    if let Some(mut layer) = layer() {
        layer.unsynced.remove(path);
    }
}

/// A file or folder has another name, and so has what is in it.
pub(crate) fn renamed(from: &Path, to: &Path, replaces: bool) {
    let Some(mut layer) = layer() else { return };
    layer.unsynced.remove(to);
    let moved: Vec<PathBuf> = layer.unsynced.keys().filter(|path| path.starts_with(from)).cloned().collect();
    for path in moved {
        let synced = layer.unsynced.remove(&path).unwrap_or_default();
        let rest = path.strip_prefix(from).unwrap_or(Path::new(""));
        let path = if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) };
        layer.unsynced.insert(path, synced);
    }
    // what was replaced cannot be brought back, so the new file stays in its place
    if !replaces {
        layer.unsettled.push((from.to_path_buf(), to.to_path_buf()));
    }
}

/// Names in a folder stay.
pub(crate) fn folder_synced(folder: &Path) {
    if let Some(mut layer) = layer() {
        let here = |path: &Path| crate::names::parent(path) == folder;
        let dot = |path: &Path| folder == Path::new(".") && crate::names::parent(path).as_os_str().is_empty();
        layer.unsettled.retain(|(_, to)| !here(to) && !dot(to));
    }
}

/// A file is gone.
pub(crate) fn removed(path: &Path) {
    if let Some(mut layer) = layer() {
        layer.unsynced.remove(path);
    }
}
