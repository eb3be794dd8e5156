//! A Prometheus of one's own: an empty folder, a free port, remote write and queries.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use retrocast::model::Labels;

/// Why the server does not answer.
#[derive(Debug)]
pub(super) struct Refusal {
    /// `bad_data` where the query is wrong, `execution` where it fails.
    pub(super) class: String,
    pub(super) message: String,
}

pub(super) struct Prometheus {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// Starts the server; `None` where the machine has none.
    pub(super) fn start() -> Option<Self> {
        let version = Command::new("prometheus").arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned()
            + &String::from_utf8_lossy(&version.stderr);
        if !version.contains("version 2.42.") {
            eprintln!("skipped: the comparison is with Prometheus 2.42, not {version}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("prometheus.yml");
        std::fs::write(&config, "global:\n  scrape_interval: 15s\n").expect("a file");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let server = Self {
            process,
            address,
            _folder: folder,
        };
        for _ in 0..200 {
            if let Ok((200, _)) = server.request("GET", "/-/ready", &[]) {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("prometheus did not get ready in 10 s");
    }

    /// Sends samples, which must be in the order of time over all calls.
    pub(super) fn write(&self, series: &[(&Labels, Vec<(i64, f64)>)]) {
        let mut body = Vec::new();
        for (labels, samples) in series {
            let mut message = Vec::new();
            for (name, value) in labels.iter() {
                let mut label = Vec::new();
                bytes(&mut label, 1, name.as_bytes());
                bytes(&mut label, 2, value.as_bytes());
                bytes(&mut message, 1, &label);
            }
            for (ts, value) in samples {
                let mut sample = vec![0x09];
                sample.extend_from_slice(&value.to_bits().to_le_bytes());
                sample.push(0x10);
                varint(&mut sample, (ts / 1000).cast_unsigned());
                bytes(&mut message, 2, &sample);
            }
            bytes(&mut body, 1, &message);
        }
        let (status, answer) = self
            .request("POST", "/api/v1/write", &snappy(&body))
            .expect("an answer");
        assert!(status / 100 == 2, "remote write: {status} {answer}");
    }

    /// Asks for `data` of a query.
    pub(super) fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Result<String, Refusal> {
        let form: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        let (_, answer) = self
            .request("POST", path, form.join("&").as_bytes())
            .expect("an answer");
        let start = "{\"status\":\"success\",\"data\":";
        match answer.trim_end().strip_prefix(start) {
            Some(rest) => Ok(rest[..rest.len() - 1].to_owned()),
            None => {
                let answer: serde_json::Value =
                    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
                let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
                Err(Refusal {
                    class: text("errorType"),
                    message: text("error"),
                })
            }
        }
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let kind = if path.ends_with("write") {
            "application/x-protobuf\r\nContent-Encoding: snappy"
        } else {
            "application/x-www-form-urlencoded"
        };
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Ok((status.unwrap_or(0), body.to_owned()))
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A length-delimited protobuf field.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// Snappy's block format, all of it literals.
fn snappy(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, content.len() as u64);
    for chunk in content.chunks(1 << 16) {
        out.push(61 << 2);
        out.extend_from_slice(&((chunk.len() - 1) as u16).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                (byte as char).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
