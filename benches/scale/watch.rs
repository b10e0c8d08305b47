//! Running a program and watching its memory.

use std::process::Command;
use std::time::Duration;

/// Runs the command to its end and returns its peak of anonymous memory in KiB, looked at every few milliseconds. Pages
/// of mapped files are not counted: the system takes them back when it needs them.
pub fn run(command: &mut Command) -> Result<u64, Box<dyn std::error::Error>> {
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(exit) = child.try_wait()? {
            return if exit.success() { Ok(peak) } else { Err(format!("the run failed: {exit}").into()) };
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let anonymous = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(anonymous.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
}
