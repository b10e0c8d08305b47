//! A folder of its own for each test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Opens ledgers' commitments in tests; equal keys make equal bytes.
pub const SALT: [u8; 32] = [7; 32];

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Asserts the exit code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The lines of standard error that are not log lines.
    pub fn errors(&self) -> Vec<&str> {
        let log =
            |line: &&str| !line.trim_start().starts_with("INFO") && !line.trim_start().starts_with("WARN");
        self.stderr.lines().filter(log).collect()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}:\n{}", self.stdout))
    }
}

/// A temporary folder in which the program runs.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    /// A sandbox that lies in memory, where there is such a file system: where nothing is synced, what is made to fail at
    /// every operation takes a tenth of the time.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Self { folder: tempfile::tempdir_in(memory).unwrap() },
            false => Self::new(),
        }
    }

    /// A sandbox with a key pair (`producer.pem`) and a salt key (`salt.key`).
    pub fn with_keys() -> Self {
        let sandbox = Self::new();
        sandbox.run(&["keygen", "--out", "producer.pem"]).expect(0);
        sandbox.write("salt.key", SALT);
        sandbox
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The generator's corpus, the same in every test that asks for the same number.
    pub fn samples(&self, folder: &str, records: usize) {
        pipeline::samples::write(&self.path(folder), 1, records).unwrap();
    }

    /// The program with these arguments, ready to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the program and kills it as soon as a file appears; whether it was killed before its end. The program
    /// has no chance to tidy up (SIGKILL).
    pub fn kill_when(&self, args: &[&str], appears: &str) -> bool {
        let mut child = self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (appears, mut finished) = (self.path(appears), None);
        while !appears.exists() && finished.is_none() {
            finished = child.try_wait().unwrap();
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        finished.is_none() && !status.success()
    }

    /// `run CONFIG --out RELEASE` with the sandbox's keys and more arguments.
    pub fn release(&self, config: &str, out: &str, more: &[&str]) -> Output {
        let fixed = ["run", config, "--out", out, "--key", "producer.pem", "--salt-key", "salt.key"];
        self.run(&[&fixed, more].concat())
    }

    /// `verify RELEASE` with the sandbox's public key and more arguments.
    pub fn verify(&self, release: &str, more: &[&str]) -> Output {
        self.run(&[&["verify", release, "--key", "producer.pub.pem"], more].concat())
    }
}

/// A configuration over `*.parquet` in `corpus/` with `id` and `text`, and these stages.
pub fn config(stages: &str) -> String {
    config_with("text = \"text\"\nid = \"id\"", stages)
}

/// The same with other keys in `[input]`.
pub fn config_with(input: &str, rest: &str) -> String {
    format!("schema = 1\n\n[input]\nfiles = [\"corpus/*.parquet\"]\n{input}\n\n{rest}\n")
}

/// A shipped profile over the shards in `corpus/`, which no model wrote.
pub fn profile(sandbox: &Sandbox, name: &str) -> String {
    let profile = sandbox.run(&["init", name]).expect(0).stdout;
    let line = profile.lines().find(|line| line.starts_with("# teachers = "));
    let declared = line.map_or(profile.clone(), |line| profile.replace(line, "teachers = []"));
    declared.replace("\"*.parquet\"", "\"corpus/*.parquet\"")
}

/// Every file below a folder with its bytes, by its name from there.
pub fn tree(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, prefix: &str, files: &mut std::collections::BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut files = std::collections::BTreeMap::new();
    walk(folder, "", &mut files);
    files
}

/// Copies a folder with everything below it.
pub fn copy(from: &Path, to: &Path) {
    for (name, bytes) in tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The files that differ between two folders; `run.json`, which holds times, aside.
pub fn differences(left: &Path, right: &Path) -> Vec<String> {
    let (mut left, mut right) = (tree(left), tree(right));
    left.remove("run.json").expect("run.json");
    right.remove("run.json").expect("run.json");
    let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    names.into_iter().filter(|name| left.get(*name) != right.get(*name)).cloned().collect()
}

/// What a release decided and what it holds: `decisionRoot` and `contentRoot`.
pub fn roots(release: &Path) -> [serde_json::Value; 2] {
    let predicate = &statement(release)["predicate"];
    [predicate["ledger"]["decisionRoot"].clone(), predicate["outputs"]["contentRoot"].clone()]
}

/// The signed statement of a release.
pub fn statement(release: &Path) -> serde_json::Value {
    use base64::Engine;
    let json = |path: &Path| -> Option<serde_json::Value> {
        fs::read(path).ok().map(|bytes| serde_json::from_slice(&bytes).unwrap())
    };
    if let Some(unsigned) = json(&release.join("manifest.json")) {
        return unsigned;
    }
    let bundle = json(&release.join("manifest.sigstore.json")).expect("a manifest");
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
