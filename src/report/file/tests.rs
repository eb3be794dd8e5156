use proptest::prelude::*;

use super::*;

const GOLDEN: &str = r#"-- title: Golden signals by service
-- description: p50, p95, p99 side by side,
-- description: traffic and errors.
-- param: bucket = 1h duration "width of a row"
-- param: service = .* regex "which services"
-- param: top = 10 integer "how many rows"
-- param: note = "a b" text "a label"
-- param: owner text "whose services"
-- needs: samples, series
-- chart: line x=ts y=p50,p99 series=service unit=s
-- column: p99 unit=s
-- column: trend sparkline

-- $ignored in a comment
SELECT date_bin($bucket, ts) AS ts, '$bucket' AS literal, $note, $owner
FROM samples WHERE ts >= $since AND ts < $until AND service ~ $service LIMIT $top
"#;

const DAY: TimeRange = TimeRange {
    start: 1_772_323_200_000_000,
    end: 1_772_409_600_000_000,
};

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    values.iter().map(owned).collect()
}

#[test]
fn reads_the_header() {
    let report = ReportFile::parse("queries/service/golden_signals.sql", GOLDEN).expect("valid");
    assert_eq!(
        (report.area.as_str(), report.name.as_str()),
        ("service", "golden_signals")
    );
    assert_eq!(report.title, "Golden signals by service");
    assert_eq!(
        report.description,
        "p50, p95, p99 side by side, traffic and errors."
    );
    assert_eq!(report.needs, ["samples", "series"]);
    assert_eq!(
        report.params[0],
        Param {
            name: "bucket".into(),
            default: Some("1h".into()),
            kind: ParamKind::Duration,
            help: "width of a row".into(),
        }
    );
    assert_eq!(report.params[3].default.as_deref(), Some("a b"));
    assert_eq!(report.params[4].default, None);
    let chart = report.chart.as_ref().expect("a chart");
    assert_eq!(chart.y, ["p50", "p99"]);
    assert_eq!(chart.unit, Some(Unit::Seconds));
    assert_eq!(report.columns[0].unit, Some(Unit::Seconds));
    assert!(report.columns[1].sparkline);
}

#[test]
fn fills_in_the_parameters() {
    let report = ReportFile::parse("golden.sql", GOLDEN).expect("valid");
    let values = pairs(&[("owner", "O'Brien $top"), ("bucket", "5m")]);
    let bound = report.bind(&values, DAY, Tz::UTC).expect("bound");
    let sql = bound.sql.split_once("SELECT").expect("a select").1;
    assert_eq!(
        sql,
        " date_bin(INTERVAL '300000 milliseconds', ts) AS ts, '$bucket' AS literal, \
         'a b', 'O''Brien $top'\n\
         FROM samples WHERE ts >= \
         arrow_cast('2026-03-01T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))') AND ts < \
         arrow_cast('2026-03-02T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))') \
         AND service ~ '^(?:.*)$' LIMIT 10\n"
    );
    assert_eq!(bound.parameters[0], ("bucket".into(), "5m".into()));
}

#[test]
fn says_what_is_wrong_with_a_value() {
    let report = ReportFile::parse("golden.sql", GOLDEN).expect("valid");
    let error = |values: &[(&str, &str)]| {
        let bound = report.bind(&pairs(values), DAY, Tz::UTC);
        bound.expect_err("wrong").to_string()
    };
    assert_eq!(
        error(&[("buckets", "1h")]),
        "no parameter \"buckets\" (did you mean \"bucket\"?); \
         there are: bucket, service, top, note, owner"
    );
    assert_eq!(
        error(&[]),
        "parameter \"owner\" has no default: give it with --param owner=…"
    );
    assert_eq!(
        error(&[("owner", "x"), ("top", "ten")]),
        "parameter \"top\": \"ten\" is not a whole number: write one such as 10"
    );
}

#[test]
fn says_what_is_wrong_in_a_file() {
    let head = "-- title: T\n-- description: D\n";
    for (text, message) in [
        (
            "-- titel: T\nSELECT 1",
            "x.sql:1: unknown header key \"titel\" (did you mean \"title\"?); \
             there are title, description, param, needs, chart, column",
        ),
        (
            "-- just words\nSELECT 1",
            "x.sql:1: a header line is `-- key: value`; leave a line empty before other comments",
        ),
        (
            "-- title: T\nSELECT 1",
            "x.sql:1: the header has no `-- description:` line",
        ),
        ("", "x.sql:1: the header has no `-- title:` line"),
        (
            &format!("{head}\n  \n"),
            "x.sql:2: there is no SQL after the header",
        ),
        (
            &format!("{head}-- title: U\nSELECT 1"),
            "x.sql:3: \"title\" is given twice",
        ),
        (
            &format!("{head}SELECT\n$buckt"),
            "x.sql:4: $buckt is not declared; declared: since, until",
        ),
        (
            &format!("{head}-- param: bucket = 1h duration \"w\"\nSELECT $buckt"),
            "x.sql:4: $buckt is not declared (did you mean \"bucket\"?); \
             declared: bucket, since, until",
        ),
        (
            &format!("{head}-- param: bucket = 1h duration \"w\"\nSELECT 1"),
            "x.sql:3: param \"bucket\" is not used: write $bucket in the SQL, or remove the line",
        ),
        (
            &format!("{head}-- param: bucket = 1x duration \"w\"\nSELECT $bucket"),
            "x.sql:3: the default of \"bucket\": \"1x\" is not a duration: \
             write it as Prometheus does, `5m`, `1h30m`, `7d`",
        ),
        (
            &format!("{head}-- param: n = 1 integr \"w\"\nSELECT $n"),
            "x.sql:3: param: unknown kind \"integr\" (did you mean \"integer\"?); \
             there are duration, timestamp, number, integer, text, regex; \
             write it as `bucket = 1h duration \"width of a row\"`",
        ),
        (
            &format!("{head}-- chart: pie x=a y=b\nSELECT 1"),
            "x.sql:3: chart: a chart is line or bar, not \"pie\"; \
             write it as `line x=ts y=p50,p99 series=service unit=s`",
        ),
    ] {
        let error = ReportFile::parse("x.sql", text).expect_err(text);
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>(), key in "(title|description|param|needs|chart|column)", value in "[ -~é]{0,30}") {
        let _ = ReportFile::parse(&text, &text);
        let _ = ReportFile::parse("a/b.sql", &format!("-- title: T\n-- description: D\n-- {key}: {value}\n{text}"));
    }

    #[test]
    fn a_text_stays_one_literal(value in any::<String>()) {
        let text = "-- title: T\n-- description: D\n-- param: p text \"h\"\nSELECT $p, 1";
        let report = ReportFile::parse("x.sql", text).expect("valid");
        let bound = report.bind(&[("p".into(), value.clone())], DAY, Tz::UTC).expect("text");
        let literal = bound.sql.rsplit_once("SELECT '").expect("opens").1
            .rsplit_once("', 1").expect("closes").0.replace("''", "\u{0}");
        prop_assert!(!literal.contains('\''));
        prop_assert_eq!(literal.replace('\u{0}', "'").len(), value.len());
    }
}
