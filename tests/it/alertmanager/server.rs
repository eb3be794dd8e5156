//! An Alertmanager of one's own, and a webhook that writes down what it sends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// µs since the epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_micros() as i64
}

/// Sleeps until an instant, µs.
pub(super) fn sleep_until(ts: i64) {
    let left = ts.saturating_sub(now()).max(0);
    std::thread::sleep(Duration::from_micros(left.unsigned_abs()));
}

pub(super) struct Alertmanager {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const PROGRAM: &str = "prometheus-alertmanager";

impl Alertmanager {
    /// Whether the machine has the release to compare with.
    pub(super) fn is_installed() -> bool {
        let Ok(version) = Command::new(PROGRAM).arg("--version").output() else {
            return false;
        };
        let version = String::from_utf8_lossy(&version.stdout).into_owned()
            + &String::from_utf8_lossy(&version.stderr);
        if !version.contains("version 0.25.") {
            eprintln!("skipped: the comparison is with Alertmanager 0.25, not {version}");
        }
        version.contains("version 0.25.")
    }

    pub(super) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, config).expect("a file");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let process = Command::new(PROGRAM)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--cluster.listen-address=", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Alertmanager starts");
        let server = Self {
            process,
            address,
            _folder: folder,
        };
        for _ in 0..200 {
            if let Ok((200, _)) = server.request("GET", "/-/ready", "") {
                return server;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Alertmanager did not get ready in 4 s");
    }

    /// Sends something that must be taken; returns the answer.
    pub(super) fn send(&self, method: &str, path: &str, body: &str) -> String {
        let (status, answer) = self.request(method, path, body).expect("an answer");
        assert_eq!(status, 200, "{method} {path} {body}: {answer}");
        answer
    }

    fn request(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Ok((status.unwrap_or(0), body.to_owned()))
    }
}

/// What came to the webhook: when (µs), and the payload.
pub(super) type Payloads = Arc<Mutex<Vec<(i64, serde_json::Value)>>>;

/// Listens; returns the address and what comes.
pub(super) fn webhook() -> (String, Payloads) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let payloads = Payloads::default();
    let all = Arc::clone(&payloads);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let all = Arc::clone(&all);
            std::thread::spawn(move || {
                let ts = now();
                if let Some(payload) = receive(stream) {
                    all.lock().expect("a list").push((ts, payload));
                }
            });
        }
    });
    (address, payloads)
}

/// Reads one request, answers it, closes the connection.
fn receive(stream: TcpStream) -> Option<serde_json::Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = reader.into_inner();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(answer).ok()?;
    serde_json::from_slice(&body).ok()
}
