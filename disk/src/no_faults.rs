//! The twin of `faults.rs` in a program that is not being tested: nothing.

use crate::Operation;
use std::fs;
use std::io;
use std::path::Path;

pub(crate) fn before(_: Operation, _: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn before_write(_: &Path, _: &fs::File) -> io::Result<()> {
    Ok(())
}

pub(crate) fn created(_: &Path) {}

pub(crate) fn synced(_: &Path) {}

pub(crate) fn renamed(_: &Path, _: &Path, _: bool) {}

pub(crate) fn folder_synced(_: &Path) {}

pub(crate) fn removed(_: &Path) {}
