//! Asks every format whether a file is its own, and explains where none is.

use super::format::FORMATS;
use super::format::first_columns;
use super::{Format, Head, Sniffed};

/// How a file begins that is no text, and what it then is.
const MAGIC: &[(&[u8], &str)] = &[
    (
        b"\x1f\x8b",
        "gzip data inside the compression (compressed twice?): unpack it once",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "zstd data inside the compression (compressed twice?): unpack it once",
    ),
    (
        b"BZh",
        "a bzip2 file: unpack it first (only .gz and .zst are unpacked here)",
    ),
    (
        b"\xfd7zXZ",
        "an xz file: unpack it first (only .gz and .zst are unpacked here)",
    ),
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV",
    ),
    (b"PAR1", "a Parquet file: a text export is expected"),
    (b"ORC", "an ORC file: a text export is expected"),
    (b"Obj\x01", "an Avro file: a text export is expected"),
    (
        b"SQLite format 3\0",
        "an SQLite database: export its table as CSV",
    ),
    (
        b"\x85\xbd\x40\xdd",
        "a chunk file of a Prometheus block: dump the block with `promtool tsdb dump`",
    ),
    (
        b"\xba\xaa\xd7\x00",
        "the index of a Prometheus block: dump the block with `promtool tsdb dump`",
    ),
    (b"\x7fELF", "a program (ELF)"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text: save it as UTF-8"),
];

const SHOWN_CHARS: usize = 80;
const SHOWN_KEYS: usize = 8;

/// Returns the formats that a file may have, the surest first; a draw is
/// settled by their order in [`FORMATS`].
pub fn sniff(head: Head<'_>) -> Vec<(&'static dyn Format, Sniffed)> {
    let mut found: Vec<(&'static dyn Format, Sniffed)> = FORMATS
        .iter()
        .filter_map(|format| Some((*format, format.sniff(head)?)))
        .collect();
    found.sort_by_key(|(_, sniffed)| std::cmp::Reverse(sniffed.confidence));
    found
}

/// Says what a file is that no format knows, and what to do about it; the end
/// of the sentence "cannot be read because …".
pub fn explain_failure(head: Head<'_>) -> String {
    let bytes = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes);
    if head.bytes.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some((_, what)) = MAGIC
        .iter()
        .find(|(magic, _)| head.bytes.starts_with(magic))
    {
        return format!("it is {what}");
    }
    if memchr::memchr(0, bytes).is_some() {
        return "it is a binary file of unknown kind".to_owned();
    }
    let text = bytes.trim_ascii_start();
    if text.is_empty() {
        return "it has nothing but white space".to_owned();
    }
    let first_line = || first_line_of(text);
    match text[0] {
        b'<' if is_html(text) => {
            "it is an HTML page: perhaps a login page was saved in place of the export".to_owned()
        }
        b'<' => format!("it is XML ({}), which no format here is", first_line()),
        b'{' | b'[' => match shown_keys(text) {
            keys if keys.is_empty() => {
                format!("it is JSON of an unknown shape: {}", first_line())
            }
            keys => format!(
                "it is JSON of an unknown shape, with the keys {}: say --from FORMAT, \
                 for logs --from json-logs --map FIELD=ts",
                keys.join(", ")
            ),
        },
        _ => match first_columns(head) {
            Some((columns, reason)) => format!(
                "it is delimited text of {columns} columns, but {reason} \
                 (with --from csv-tall or another format)"
            ),
            None => format!(
                "it is text of no known format; its first line is {}",
                first_line()
            ),
        },
    }
}

fn first_line_of(text: &[u8]) -> String {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line.trim_ascii());
    let mut shown: String = line.chars().take(SHOWN_CHARS).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

fn is_html(text: &[u8]) -> bool {
    let start = &text[..text.len().min(512)];
    let lower = start.to_ascii_lowercase();
    [&b"<!doctype html"[..], b"<html", b"<head"]
        .iter()
        .any(|tag| memchr::memmem::find(&lower, tag).is_some())
}

fn shown_keys(text: &[u8]) -> Vec<String> {
    let mut keys = top_keys(text, SHOWN_KEYS + 1);
    if let Some(last) = keys.get_mut(SHOWN_KEYS) {
        "…".clone_into(last);
    }
    keys
}

/// Finds the keys of the first object, complete or not.
pub(super) fn top_keys(text: &[u8], at_most: usize) -> Vec<String> {
    let mut keys = Vec::new();
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, b'{' | b'}' | b'"')) {
        let byte = rest[at];
        rest = &rest[at + 1..];
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => break,
            b'}' => depth -= 1,
            _ => {
                let mut end = 0;
                while end < rest.len() && rest[end] != b'"' {
                    end += 1 + usize::from(rest[end] == b'\\');
                }
                let string = &rest[..end.min(rest.len())];
                rest = rest.get(end + 1..).unwrap_or_default();
                if depth == 1 && rest.trim_ascii_start().first() == Some(&b':') {
                    keys.push(String::from_utf8_lossy(string).into_owned());
                    if keys.len() == at_most {
                        break;
                    }
                }
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(bytes: &'a [u8], file_name: &'a str) -> Head<'a> {
        Head {
            bytes,
            truncated: false,
            file_name,
        }
    }

    fn best(file_name: &str, text: &str) -> Option<&'static str> {
        let found = sniff(head(text.as_bytes(), file_name));
        let (format, sniffed) = found.first()?;
        (sniffed.confidence >= 50).then(|| format.name())
    }

    #[test]
    fn tells_the_formats_apart() {
        for (file_name, text, expected) in [
            (
                "a.csv",
                "time,metric,host,value\n2024-01-01T00:00:00Z,up,a,1\n",
                "csv-tall",
            ),
            ("a.csv", "ts;value\n2024-01-01 00:00;1,5\n", "csv-tall"),
            (
                "a.csv",
                "\"Time\",\"up{a=\"\"b\"\"}\"\n2024-01-01 00:00:00,1\n",
                "csv-wide",
            ),
            (
                "a.csv",
                "time,value\n2024-01-01 00:00:00,1.2 GiB\n",
                "csv-wide",
            ),
            ("a.csv", "date,orders,returns\n2024-01-01,5,6\n", "csv-wide"),
            (
                "incidents.csv",
                "id,started_at,ended_at,severity,service,stage,cause,class\ni,2026-01-01T00:00:00Z,,1,a,b,c,load\n",
                "events",
            ),
            ("holidays.csv", "date,name\n2026-01-01,New Year\n", "events"),
            (
                "deploys.json",
                "[{\"id\":\"d\",\"time\":\"2026-01-01\",\"service\":\"a\"}]",
                "events",
            ),
            (
                "runs.csv",
                "job,run_id,scheduled_at,started_at,ended_at,status\nn,1,2026-01-01T00:00:00Z,,,ok\n",
                "job-runs",
            ),
            (
                "runs.jsonl",
                "{\"job\":\"n\",\"run_id\":\"1\",\"started_at\":\"2026-01-01T00:00:00Z\",\"status\":\"ok\"}\n",
                "job-runs",
            ),
            (
                "app.jsonl",
                "{\"timestamp\":\"2024-01-15T10:30:00Z\",\"level\":\"INFO\",\"message\":\"x\",\"service\":\"a\"}\n",
                "json-logs",
            ),
            (
                "es.jsonl",
                "{\"_index\":\"l\",\"_id\":\"1\",\"_source\":{\"@timestamp\":\"2024-01-01T00:00:00Z\",\"message\":\"m\"}}\n",
                "elasticsearch",
            ),
            (
                "deploys2.json",
                "[{\"id\":\"D1\",\"time\":\"2025-01-01T10:00:00Z\",\"service\":\"a\",\"version\":\"1.2\"}]",
                "events",
            ),
            (
                "incidents.jsonl",
                "{\"timestamp\":\"2024-01-15T10:30:00Z\",\"level\":\"INFO\",\"message\":\"x\"}\n",
                "json-logs",
            ),
            (
                "rotated.jsonl",
                "00Z\",\"message\":\"cut\"}\n{\"timestamp\":\"2024-01-15T10:30:00Z\",\"message\":\"x\"}\n",
                "json-logs",
            ),
            (
                "es.jsonl",
                "Exporting [all], wait {\n{\"_index\":\"l\",\"_source\":{\"@timestamp\":\"2024-01-01T00:00:00Z\",\"message\":\"m\"}}\n",
                "elasticsearch",
            ),
            (
                "multi.csv",
                "timestamp,host,cpu_usage,mem_used\n1700000000,a,1,5\n1700000000,b,3,7\n",
                "csv-wide",
            ),
            (
                "banner.csv",
                "Exported by the night job\ntime,metric,host,value\n2024-01-01T00:00:00Z,up,a,1\n",
                "csv-tall",
            ),
            (
                "vm.jsonl",
                "{\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1549891472010]}\n",
                "victoriametrics",
            ),
        ] {
            assert_eq!(best(file_name, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_first_line_longer_than_the_head_shows_its_keys() {
        for (start, expected) in [
            ("{\"timestamp\":1,\"message\":\"", "json-logs"),
            (
                "{\"_index\":\"a\",\"_source\":{\"message\":\"",
                "elasticsearch",
            ),
        ] {
            let text = format!("{start}{}", "x".repeat(1000));
            let mut head = head(text.as_bytes(), "a.jsonl");
            head.truncated = true;
            let found = sniff(head);
            let (format, sniffed) = found.first().expect("a format");
            assert_eq!((format.name(), sniffed.confidence >= 50), (expected, true));
        }
    }

    #[test]
    fn a_time_alone_makes_no_log() {
        let text = "{\"id\":\"D1\",\"time\":\"2025-01-01T10:00:00Z\",\"version\":\"1.2\"}\n";
        assert_eq!(best("x.json", text), None);
    }

    #[test]
    fn explains_what_it_does_not_know() {
        for (bytes, expected) in [
            (&b""[..], "it is empty"),
            (b" \n", "white space"),
            (b"\x1f\x8b\x08\x00", "compressed twice"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"PK\x03\x04\x14", "zip archive"),
            (b"SQLite format 3\0\x10", "SQLite"),
            (b"\x7fELF\x02", "ELF"),
            (b"\x89PNG\r\n", "PNG"),
            (b"%PDF-1.7", "PDF"),
            (b"\x01\x02\x00\x03", "binary"),
            (b"<!DOCTYPE html><html><head>", "login page"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (
                b"{\"a\":{\"b\":1},\"c\":\"}{\",\"d\":[",
                "with the keys a, c, d",
            ),
            (b"[{\"x\": 1}]", "with the keys x"),
            (b"[1,2]", "JSON of an unknown shape: \"[1,2]\""),
            (b"up,1,1549891472010,job\n", "the first line is no header"),
            (b"a;b\n1;2\n", "the columns are a, b"),
            (b"hello world\nbye", "its first line is \"hello world\""),
        ] {
            let found = explain_failure(head(bytes, "x"));
            assert!(found.contains(expected), "{found}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            sniff(head(&bytes, ""));
            explain_failure(head(&bytes, ""));
        }

        #[test]
        fn never_panics_on_text(text in "[{\\[\"a\\\\:,;\n}\\]0-9-]{0,50}") {
            sniff(head(text.as_bytes(), "deploys.csv"));
            explain_failure(head(text.as_bytes(), ""));
        }
    }
}
