//! The command line: arguments, calls, exit codes, printing. Data goes to standard output, everything else to
//! standard error.
//!
//! Exit codes: 0 done or verified; 1 the answer is no; 2 it could not be tried; 3 a requested check could not be done;
//! 130 and 143 a run was stopped by SIGINT or SIGTERM and can be continued.

mod interrupt;
mod progress;
mod verbs;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

/// Curates training data and leaves proof.
#[derive(Parser)]
#[command(name = "probity", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a small corpus, curate it, sign it, verify it, and show a forgery being caught
    Demo(verbs::demo::Arguments),
    /// Print a commented configuration to start from
    Init(verbs::init::Arguments),
    /// Resolve a configuration and print what would run; run nothing
    Plan(verbs::plan::Arguments),
    /// Curate: read shards, judge and deduplicate records, write and sign a release
    Run(verbs::run::Arguments),
    /// Do one task of a plan that many processes carry out
    RunTask(verbs::run_task::Arguments),
    /// Put the release of such a plan together when all its tasks are done
    Finish(verbs::finish::Arguments),
    /// Time each part of a run on your own shards, beside a bare copy of them
    Bench(verbs::bench::Arguments),
    /// Put neutral poison into a copy of the input and report how much the stages find
    Canary(verbs::canary::Arguments),
    /// List the stages there are, or describe one
    Filters(verbs::filters::Arguments),
    /// Check, test, compare, time and attack rule packs, or hash a list for one
    Pack(verbs::pack::Arguments),
    /// Suggest terms that tell one corpus from another
    SuggestTerms(verbs::suggest_terms::Arguments),
    /// Tell why one record had its fate
    Explain(verbs::explain::Arguments),
    /// List the clusters of duplicates a release was freed of, or show one side by side
    Duplicates(verbs::duplicates::Arguments),
    /// Tell what stages do to a corpus: over-removal, other bounds, overlap, shift
    Report(verbs::report::Arguments),
    /// Recount a release under other bounds from its ledger, without reading texts
    Whatif(verbs::whatif::Arguments),
    /// Train a linear classifier from labelled files
    Train(verbs::train::Arguments),
    /// Make the mapping of several scores to one
    FitEnsemble(verbs::fit_ensemble::Arguments),
    /// Train an n-gram language model from texts
    TrainLm(verbs::train_lm::Arguments),
    /// Tell how good classifiers are on labelled files
    Eval(verbs::eval::Arguments),
    /// Choose a classifier's threshold by recall, precision or removal budget
    Threshold(verbs::threshold::Arguments),
    /// Make a signing key
    Keygen(verbs::keygen::Arguments),
    /// Sign a release that was made without a key
    Sign(verbs::sign::Arguments),
    /// Put a signature to an audited release
    Countersign(verbs::countersign::Arguments),
    /// Attach a timestamp of an authority
    Timestamp(verbs::timestamp::Arguments),
    /// Prove what became of one record
    Prove(verbs::prove::Arguments),
    /// Open chosen records and committed fields to one reader
    Disclose(verbs::disclose::Arguments),
    /// Check what `prove` or `disclose` wrote
    CheckProof(verbs::check_proof::Arguments),
    /// Draw samples, label them, and sign what they come to
    Audit(verbs::audit::Arguments),
    /// Tell what changed between two releases
    Diff(verbs::diff::Arguments),
    /// Render a document or a bill of materials from a release
    Render(verbs::render::Arguments),
    /// Copy a release without what only auditors may see
    Redact(verbs::redact::Arguments),
    /// Make a release without records that have to be taken down
    Retract(verbs::retract::Arguments),
    /// Check a release against a public key
    Verify(verbs::verify::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    pipeline::hide_caught_panics();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .without_time()
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .init();
    let code = match arguments.verb {
        Verb::Demo(a) => verbs::demo::call(&a),
        Verb::Init(a) => verbs::init::call(&a),
        Verb::Plan(a) => verbs::plan::call(&a),
        Verb::Run(a) => verbs::run::call(&a),
        Verb::RunTask(a) => verbs::run_task::call(&a),
        Verb::Finish(a) => verbs::finish::call(&a),
        Verb::Bench(a) => verbs::bench::call(&a),
        Verb::Canary(a) => verbs::canary::call(&a),
        Verb::Filters(a) => verbs::filters::call(&a),
        Verb::Pack(a) => verbs::pack::call(&a),
        Verb::SuggestTerms(a) => verbs::suggest_terms::call(&a),
        Verb::Explain(a) => verbs::explain::call(&a),
        Verb::Duplicates(a) => verbs::duplicates::call(&a),
        Verb::Report(a) => verbs::report::call(&a),
        Verb::Whatif(a) => verbs::whatif::call(&a),
        Verb::Train(a) => verbs::train::call(&a),
        Verb::FitEnsemble(a) => verbs::fit_ensemble::call(&a),
        Verb::TrainLm(a) => verbs::train_lm::call(&a),
        Verb::Eval(a) => verbs::eval::call(&a),
        Verb::Threshold(a) => verbs::threshold::call(&a),
        Verb::Keygen(a) => verbs::keygen::call(&a),
        Verb::Sign(a) => verbs::sign::call(&a),
        Verb::Countersign(a) => verbs::countersign::call(&a),
        Verb::Timestamp(a) => verbs::timestamp::call(&a),
        Verb::Prove(a) => verbs::prove::call(&a),
        Verb::Disclose(a) => verbs::disclose::call(&a),
        Verb::CheckProof(a) => verbs::check_proof::call(&a),
        Verb::Audit(a) => verbs::audit::call(&a),
        Verb::Diff(a) => verbs::diff::call(&a),
        Verb::Render(a) => verbs::render::call(&a),
        Verb::Redact(a) => verbs::redact::call(&a),
        Verb::Retract(a) => verbs::retract::call(&a),
        Verb::Verify(a) => verbs::verify::call(&a),
    };
    code.unwrap_or_else(|error| report(&error))
}

/// What helps where nothing can be written any more.
const NO_ROOM: &str =
    "make room, then give the same command again: an unfinished run continues where it stopped";

/// Tells what went wrong and what may help.
fn report(error: &anyhow::Error) -> ExitCode {
    // the reader of our output went away: nobody is left to be told anything
    if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let mut out = io::stderr().lock();
    let message = format!("{error:#}");
    let _ = writeln!(out, "error: {}", printable(&message));
    let no_room = disk::tells_of_no_room(&message).then_some(NO_ROOM);
    if let Some(hint) = error.downcast_ref::<pipeline::Error>().and_then(pipeline::Error::hint).or(no_room) {
        let _ = writeln!(out, "hint: {}", printable(hint));
    }
    let unanswerable = matches!(error.downcast_ref(), Some(pipeline::Error::Unanswerable { .. }));
    ExitCode::from(if unanswerable { 3 } else { 2 })
}

/// Writes a line of data.
fn say(line: impl std::fmt::Display) -> Result<()> {
    writeln!(io::stdout().lock(), "{}", printable(&line.to_string()))?;
    Ok(())
}

/// Text from a release or a corpus, made safe for a terminal: control characters and those that reorder text are
/// written as JSON would escape them.
fn printable(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n' && c != '\t') || hidden(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_a_file_name_holds_reaches_the_terminal() {
        assert_eq!(
            super::printable("a\u{1b}[2J\tb\n\u{9b}c\u{202e}d é"),
            "a\\u001b[2J\tb\n\\u009bc\\u202ed é"
        );
    }
}
