//! Dead letters that are read again.

use super::*;
use crate::ingest::ReadOptions;
use crate::store::{LoadOptions, ReplayReport, replay};

/// A dead letter: file, format, line, text.
type Letter<'a> = (&'a str, &'static str, u64, &'a str);

/// Puts dead letters in, in this order; all for the reason `bad`.
fn reject(fixture: &Fixture, letters: &[Letter<'_>]) {
    let mut writer = fixture.writer();
    for &(file, format, line, raw) in letters {
        writer.begin_file(file, format);
        writer.reject(line, "bad", raw.as_bytes());
        writer.end_file().unwrap();
    }
    writer.commit().unwrap();
}

fn again(fixture: &Fixture, from: Option<&'static str>) -> ReplayReport {
    let options = LoadOptions {
        from,
        read: ReadOptions {
            time_format: Some("%d/%m/%Y %H:%M".into()),
            ..ReadOptions::default()
        },
        again: false,
    };
    replay(&fixture.store, None, &options, fixture.handle(), NOW).unwrap()
}

const LINE: &str = r#"{"time":"01/03/2026 00:00","message":"m"}"#;

#[test]
fn equal_letters_of_one_file_are_two_records_and_of_two_files_one() {
    let f = Fixture::new();
    let json = "json-logs";
    reject(
        &f,
        &[
            ("a", json, 1, LINE),
            ("b", json, 1, LINE),
            ("a", json, 2, LINE),
        ],
    );
    let report = again(&f, None);
    assert_eq!((report.tried, report.healed, report.skipped), (3, 3, 0));
    assert_eq!(f.logs(), [(DAY, "m".to_owned()), (DAY, "m".to_owned())]);
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 0);
}

#[test]
fn a_letter_without_a_format_stands_for_a_file_and_is_not_read() {
    let f = Fixture::new();
    reject(&f, &[("a", "", 1, LINE), ("b", "json-logs", 1, "")]);
    let report = again(&f, Some("json-logs"));
    assert_eq!((report.tried, report.healed, report.skipped), (0, 0, 2));
    assert_eq!(f.logs(), []);
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 2);
}

#[test]
fn a_letter_that_is_cut_is_not_read() {
    let f = Fixture::new();
    reject(
        &f,
        &[(
            "a",
            "json-logs",
            1,
            &(LINE.to_owned() + &" ".repeat(16 << 20)),
        )],
    );
    let report = again(&f, None);
    assert_eq!((report.tried, report.skipped), (0, 1));
}

#[test]
fn a_letter_whose_time_no_reader_can_show_stays_what_it_is() {
    let f = Fixture::new();
    // In the year 11476.
    let far = r#"{"metric":{"__name__":"m"},"values":[1],"timestamps":[300000000000000]}"#;
    reject(
        &f,
        &[
            ("a", "victoriametrics", 7, far),
            ("a", "json-logs", 8, LINE),
        ],
    );
    let report = again(&f, None);
    assert_eq!((report.tried, report.healed), (2, 1));
    assert_eq!(f.snapshot(TableKind::Samples).rows(), 0);
    let letters = f.batches(TableKind::Rejects);
    assert_eq!(letters.len(), 1);
    let lines = letters[0]["line"].as_primitive::<Int64Type>();
    assert_eq!(lines.values(), &[7]);
    let reasons = letters[0]["reason"].as_string::<i32>();
    assert_eq!(reasons.iter().flatten().collect::<Vec<_>>(), ["bad"]);
}

#[test]
fn the_metric_is_named_after_the_file_without_its_compression() {
    let f = Fixture::new();
    let raw = "time,value\n01/03/2026 00:00,1";
    reject(&f, &[("in/queue.csv.gz", "csv-tall", 2, raw)]);
    assert_eq!(again(&f, None).healed, 1);
    let samples = f.samples();
    assert_eq!(samples.keys().next(), Some(&("queue".to_owned(), DAY)));
}
