//! A server on the loopback interface that answers as S3 does, as far as Probity asks, and fails where it is told to.

use crate::harness::{Output, Sandbox};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use xxhash_rust::xxh3::xxh3_64;

/// A running server. It serves until the test's process ends.
pub struct Store {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What it holds, what it was asked for, and what it is to do wrong.
#[derive(Default)]
pub struct State {
    /// By `bucket/key`.
    pub objects: BTreeMap<String, Object>,
    /// `GET bucket/key bytes=0-9`, in order.
    pub requests: Vec<String>,
    /// So many requests to come are answered 503.
    pub unavailable: usize,
    /// The connection breaks when so many more bytes of objects have gone out, again and again.
    pub cuts: VecDeque<usize>,
    /// Ranges lose their last byte, and conditions are not looked at.
    pub careless: bool,
    /// What happens once, before the first request whose line holds the text.
    pub before: Option<(String, Change)>,
    uploads: BTreeMap<String, Upload>,
}

/// Parts that came, and the headers that the object is to have.
#[derive(Default)]
struct Upload {
    headers: Vec<(String, String)>,
    parts: BTreeMap<u32, Vec<u8>>,
}

/// A change of what a server holds.
pub type Change = Box<dyn FnOnce(&mut State) + Send>;

/// An object with the headers that come back with it.
#[derive(Clone, Default)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub headers: Vec<(String, String)>,
}

impl Store {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&shared);
                // a client that goes away ends its connection, and nothing else
                std::thread::spawn(move || _ = serve(&stream.unwrap(), &state));
            }
        });
        Self { address, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.state().objects.insert(name.into(), Object { bytes: bytes.into(), headers: Vec::new() });
    }

    /// Puts every file of a folder under `prefix`.
    pub fn put_folder(&self, folder: &Path, prefix: &str) {
        for (name, bytes) in crate::harness::tree(folder) {
            self.put(&format!("{prefix}{name}"), bytes);
        }
    }

    /// Writes every object under `prefix` into a folder.
    pub fn copy_to(&self, prefix: &str, folder: &Path) {
        for (name, object) in &self.state().objects {
            if let Some(name) = name.strip_prefix(prefix) {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &object.bytes).unwrap();
            }
        }
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs the program with this server as its S3.
    pub fn run(&self, sandbox: &Sandbox, args: &[&str]) -> Output {
        let mut command = sandbox.command(args);
        command.envs([
            ("AWS_ENDPOINT_URL", self.http().as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "key-of-the-test"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
            ("AWS_REGION", "us-east-1"),
        ]);
        let output = command.output().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `run CONFIG --out RELEASE` with the sandbox's keys and more arguments.
    pub fn release(&self, sandbox: &Sandbox, config: &str, out: &str, more: &[&str]) -> Output {
        let fixed = ["run", config, "--out", out, "--key", "producer.pem", "--salt-key", "salt.key"];
        self.run(sandbox, &[&fixed, more].concat())
    }
}

/// A request as it came in.
struct Request {
    method: String,
    name: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// An answer: its status, headers beside the length, and body.
struct Answer(u16, Vec<(String, String)>, Vec<u8>);

fn serve(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let range = request.headers.get("range").map_or("", String::as_str);
        let line = format!("{} {} {range}", request.method, request.name).trim_end().to_string();
        if state.before.as_ref().is_some_and(|(text, _)| line.contains(text.as_str())) {
            let (_, change) = state.before.take().unwrap();
            change(&mut state);
        }
        state.requests.push(line);
        let Answer(status, headers, body) = match state.unavailable {
            0 => state.answer(&request),
            _ => {
                state.unavailable -= 1;
                Answer(503, Vec::new(), b"<Error><Code>SlowDown</Code></Error>".to_vec())
            }
        };
        let cut = state.cut(if request.method == "GET" { body.len() } else { 0 });
        drop(state);
        let mut head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        let mut stream = stream;
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        if request.method != "HEAD" {
            stream.write_all(&body[..cut.unwrap_or(body.len())])?;
        }
        if cut.is_some() {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace().map(str::to_string);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_string());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_string(), unescaped(value))
    };
    let query = query.split('&').map(pair).collect();
    Ok(Some(Request { method, name: unescaped(path.trim_start_matches('/')), query, headers, body }))
}

fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => (bytes.push(byte), rest = &after[2..]),
            _ => (bytes.push(*first), rest = after),
        };
    }
    String::from_utf8(bytes).unwrap()
}

fn tag(bytes: &[u8]) -> String {
    format!("\"{:016x}\"", xxh3_64(bytes))
}

impl State {
    /// How many bytes of a body go out before the connection breaks, if it does.
    fn cut(&mut self, bytes: usize) -> Option<usize> {
        let left = self.cuts.front_mut()?;
        if *left >= bytes {
            *left -= bytes;
            return None;
        }
        self.cuts.pop_front()
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let has = |name: &str| request.query.contains_key(name);
        match request.method.as_str() {
            "GET" if has("list-type") => self.list(request),
            "GET" | "HEAD" => self.get(request),
            "PUT" if has("uploadId") => {
                let part = request.query["partNumber"].parse().unwrap();
                let upload = self.uploads.entry(request.query["uploadId"].clone()).or_default();
                upload.parts.insert(part, request.body.clone());
                Answer(200, vec![("etag".into(), tag(&request.body))], Vec::new())
            }
            "POST" if has("uploads") => self.begin(request),
            "POST" if has("delete") => self.delete(request),
            "POST" => self.complete(request),
            "PUT" => self.put(request),
            _ => Answer(405, Vec::new(), Vec::new()),
        }
    }

    /// The object appears when the upload is complete.
    fn begin(&mut self, request: &Request) -> Answer {
        let id = format!("upload-{}", self.requests.len());
        self.uploads.insert(id.clone(), Upload { headers: kept(request), parts: BTreeMap::new() });
        xml(format!(
            "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        ))
    }

    fn complete(&mut self, request: &Request) -> Answer {
        let Upload { headers, parts } = self.uploads.remove(&request.query["uploadId"]).unwrap_or_default();
        let bytes: Vec<u8> = parts.into_values().flatten().collect();
        let tag = tag(&bytes);
        self.objects.insert(request.name.clone(), Object { bytes, headers });
        xml(format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"))
    }

    fn put(&mut self, request: &Request) -> Answer {
        if request.headers.contains_key("if-none-match") && self.objects.contains_key(&request.name) {
            return Answer(412, Vec::new(), Vec::new());
        }
        let object = Object { bytes: request.body.clone(), headers: kept(request) };
        self.objects.insert(request.name.clone(), object);
        Answer(200, vec![("etag".into(), tag(&request.body))], Vec::new())
    }

    fn delete(&mut self, request: &Request) -> Answer {
        let text = String::from_utf8_lossy(&request.body);
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        let mut told = "<DeleteResult>".to_string();
        for (key, _) in keys {
            self.objects.remove(&format!("{}/{key}", request.name));
            told.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
        }
        xml(told + "</DeleteResult>")
    }

    fn get(&self, request: &Request) -> Answer {
        let Some(object) = self.objects.get(&request.name) else {
            return Answer(404, Vec::new(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec());
        };
        let bytes = &object.bytes;
        let changed = request.headers.get("if-match").is_some_and(|wanted| *wanted != tag(bytes));
        if changed && !self.careless {
            return Answer(412, Vec::new(), Vec::new());
        }
        let mut headers = object.headers.clone();
        headers.push(("etag".into(), tag(bytes)));
        headers.push(("last-modified".into(), "Sun, 22 Nov 2026 12:00:00 GMT".into()));
        let Some(range) = request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")) else {
            return Answer(200, headers, bytes.clone());
        };
        let (first, last) = range.split_once('-').unwrap();
        let first: usize = first.parse().unwrap();
        let end = last.parse::<usize>().map_or(bytes.len(), |last| bytes.len().min(last + 1));
        if first >= end {
            return Answer(416, Vec::new(), Vec::new());
        }
        headers.push(("content-range".into(), format!("bytes {first}-{}/{}", end - 1, bytes.len())));
        let end = end - usize::from(self.careless && end - first > 1);
        Answer(206, headers, bytes[first..end].to_vec())
    }

    fn list(&self, request: &Request) -> Answer {
        let bucket = request.name.trim_end_matches('/');
        let prefix = request.query.get("prefix").map_or("", String::as_str);
        let mut text = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_string();
        for (name, object) in &self.objects {
            let key = name.strip_prefix(bucket).and_then(|key| key.strip_prefix('/'));
            let Some(key) = key.filter(|key| key.starts_with(prefix)) else { continue };
            text.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-22T12:00:00.000Z</LastModified><Size>{}</Size></Contents>",
                object.bytes.len()
            ));
        }
        xml(text + "</ListBucketResult>")
    }
}

fn xml(text: String) -> Answer {
    Answer(200, vec![("content-type".into(), "application/xml".into())], text.into_bytes())
}

/// The headers of an object that a client sets itself.
fn kept(request: &Request) -> Vec<(String, String)> {
    let own = request.headers.iter().filter(|(name, _)| name.starts_with("x-amz-meta-"));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}
