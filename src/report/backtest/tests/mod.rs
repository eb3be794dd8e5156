mod change;
mod fixture;
mod judged;

use unicode_width::UnicodeWidthStr;

use self::change::{breach, review, swept};
use self::fixture::{DAY, Fixture, HOUR, MONDAY, empty, fixture};
use super::*;
use crate::render::{Format, RenderOptions, render};

fn shown(document: &Document, format: Format, width: usize) -> String {
    let options = RenderOptions {
        width,
        color: false,
        tz: chrono_tz::Tz::Europe__Berlin,
        max_rows: Some(40),
    };
    let bytes = render(document, format, &options).expect("every format holds it");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn result(fixture: &Fixture, layout: Layout) -> BacktestResult<'_> {
    let Fixture {
        run,
        verdict,
        incidents,
        maintenance,
    } = fixture;
    BacktestResult::new(run, verdict, incidents, maintenance, layout)
}

fn table(fixture: &Fixture, width: usize) -> String {
    let document = result(fixture, Layout::People).document();
    shown(&document.expect("a document"), Format::Table, width)
}

fn json(document: &Document) -> serde_json::Value {
    serde_json::from_str(&shown(document, Format::Json, 80)).expect("JSON")
}

fn explain_series() -> ExplainSeries {
    let times: Vec<i64> = (0..21 * 24).map(|hour| MONDAY + hour * HOUR).collect();
    let values = times.iter().map(|ts| match ts - MONDAY {
        at if (2 * DAY + 10 * HOUR..2 * DAY + 12 * HOUR).contains(&at) => 0.07,
        _ => 0.01,
    });
    ExplainSeries {
        series: vec![("checkout".to_owned(), times.clone(), values.collect())],
        threshold: Some(0.05),
        unit: Some(crate::report::Unit::Ratio),
    }
}

/// Every document there is, of a fixture.
fn documents(fixture: &Fixture, layout: Layout) -> Vec<Document> {
    let value = explain_series();
    let result = result(fixture, layout);
    let mut documents = vec![result.document().expect("a document")];
    for rule in 0..5 {
        let explained = result.explain(rule, (rule == 0).then_some(&value));
        documents.push(explained.expect("a document"));
    }
    documents.push(review(fixture, fixture, layout, &[]));
    documents.push(review(&empty(), fixture, layout, &[breach()]));
    documents.push(swept(layout));
    documents
}

#[test]
fn the_head_says_what_counts() {
    let text = table(&fixture(), 400);
    for line in [
        "3 alerting rules would have paged 10 times: 3.3 a week (worst week 5), of them 3 at night \
         and 1 at weekends. 3.7 notifications a week of something that fires, of one alert each.",
        "Precision: 2 of 12 episodes belong to an incident (17%, 95% interval 5–45%); firing at \
         random would give 1%. Recall: 2 of 3 incidents had an alert and a page (67%, 95% interval \
         21–94%). Median: the first page comes 6m after the incident begins.",
        "Without inhibition, silences and time intervals there would have been 16 pages instead of 10.",
        "Pages: 10 to 13 depending on which way the race of repetitions goes.",
        "info: 2 rules have no runbook: NoisyDisk and DeadRule",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn a_missed_incident_is_plain() {
    let text = table(&fixture(), 120);
    let row = text.lines().find(|line| line.starts_with("INC-3"));
    assert!(
        row.is_some_and(|row| row.contains("MISSED, only pending: HighErrorRate")),
        "{text}"
    );
    assert!(text.contains("▽─ incident missed"), "{text}");
    let document = result(&fixture(), Layout::People).document();
    let md = shown(&document.expect("a document"), Format::Md, 80);
    assert!(
        md.contains("```text\nAlerts over time · Europe/Berlin"),
        "{md}"
    );
}

#[test]
fn many_findings_of_a_kind_are_one() {
    let mut fixture = fixture();
    let noisy = fixture.verdict.findings[1].clone();
    fixture.verdict.findings.extend(vec![noisy; 6]);
    let text = table(&fixture, 400);
    assert!(
        text.contains("warning: 7 rules tell much, and hardly ever of an incident: "),
        "{text}"
    );
    let rows = result(&fixture, Layout::Rows)
        .document()
        .expect("a document");
    assert_eq!(rows.findings().count(), 10);
}

#[test]
fn rules_of_one_name_are_told_apart() {
    let mut fixture = fixture();
    fixture.run.rules[1].info.name = "HighErrorRate".to_owned();
    fixture.run.rules[2].info.name = "HighErrorRate".to_owned();
    fixture.run.rules[2].info.group = "slow".to_owned();
    assert_eq!(
        names::rule_names(&fixture.run),
        [
            "HighErrorRate (rules/api.yml:12)",
            "HighErrorRate (rules/api.yml:30)",
            "HighErrorRate (slow)",
            "job:errors:ratio5m"
        ]
    );
}

#[test]
fn what_pages_most_stands_first() {
    let text = table(&fixture(), 120);
    let at = text.find("Pages by rule").expect("the table");
    let rows: Vec<&str> = text[at..].lines().collect();
    let noisy = rows.iter().position(|row| row.starts_with("NoisyDisk"));
    let good = rows.iter().position(|row| row.starts_with("HighErrorRate"));
    assert!(noisy < good, "{text}");
    assert!(
        rows.iter()
            .any(|row| row.ends_with("https://runbooks.example.com/errors")),
        "{text}"
    );
}

#[test]
fn programs_get_every_figure() {
    let fixture = fixture();
    let uncertainty = [Uncertainty {
        what: "the evaluation phase (8 tried)".to_owned(),
        least: 9,
        most: 12,
    }];
    let result = result(&fixture, Layout::Rows).uncertainty(&uncertainty);
    let value = json(&result.document().expect("a document"));
    let row = &value["rows"][0];
    assert_eq!(row["rule"], "NoisyDisk");
    assert_eq!(row["pages"], 8);
    assert!((row["pages_per_week"].as_f64().expect("a number") - 8.0 / 3.0).abs() < 1e-12);
    assert_eq!(row["median_duration"], 240.0);
    assert_eq!(row["precision_trials"], 10);
    assert_eq!(row["unheard_inhibition"], 1);
    assert_eq!(row["unheard_end_of_the_range"], 0);
    assert_eq!(row["unheard_receiver_that_tells_nobody"], 0);
    assert_eq!(row["errors"], 3);
    assert_eq!(
        value["rows"][1]["incidents"],
        serde_json::json!(["INC-1", "INC-2"])
    );
    let columns = value["columns"].as_array().expect("columns");
    let unit = columns
        .iter()
        .find(|column| column["name"] == "median_duration");
    assert_eq!(unit.expect("the column")["unit"], "s");
    let tables = value["further_tables"].as_array().expect("tables");
    let titles: Vec<&str> = tables.iter().filter_map(|t| t["title"].as_str()).collect();
    assert_eq!(
        titles,
        [
            "totals",
            "uncertainty",
            "incidents",
            "shifts",
            "people",
            "episodes",
            "notifications",
            "suppressed",
            "receivers",
            "co_firing",
            "findings"
        ]
    );
    assert_eq!(tables[1]["rows"][0]["pages_most"], 12);
    assert_eq!(tables[2]["rows"][2]["met"], false);
    assert_eq!(tables[5]["rows"][0]["about"], "INC-1");
}

#[test]
fn an_episode_tells_its_story() {
    let fixture = fixture();
    let result = result(&fixture, Layout::People);
    let value = explain_series();
    let good = result.explain(0, Some(&value)).expect("a document");
    let text = shown(&good, Format::Table, 120);
    for part in [
        "2 episodes fired, 1 stayed pending. 2 pages: 0.67 a week (worst week 1), 1 of them at night.",
        "job:errors:ratio5m > 0.05",
        "The value against 0.05",
        "page to oncall after 30s",
        "near miss",
        "checkout fails | 0.07",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let noisy = result.explain(1, None).expect("a document");
    let text = shown(&noisy, Format::Table, 120);
    assert!(
        text.contains("nobody: inhibition by HighErrorRate"),
        "{text}"
    );
    assert!(text.contains("3 of 30240 evaluations failed"), "{text}");
    assert!(text.contains("many-to-many matching"), "{text}");
    let dead = result.explain(2, None).expect("a document");
    let text = shown(&dead, Format::Table, 120);
    assert!(
        text.contains("absent_total matches nothing: no such metric"),
        "{text}"
    );
}

#[test]
fn nothing_at_all_is_a_document_too() {
    for fixture in [empty(), fixture()] {
        for layout in [Layout::People, Layout::Rows] {
            for document in documents(&fixture, layout) {
                for width in [20, 80, 100] {
                    let text = shown(&document, Format::Table, width);
                    for line in text.lines() {
                        assert!(line.width() <= width, "{width}: {line}\n{text}");
                    }
                }
                shown(&document, Format::Md, 80);
                json(&document);
                if layout == Layout::Rows && document.tables().next().is_some() {
                    for format in [Format::Csv, Format::Ndjson, Format::Parquet] {
                        shown(&document, format, 80);
                    }
                }
            }
        }
    }
}

#[test]
fn as_few_labels_as_tell_alerts_apart() {
    let mut fixture = fixture();
    let names = |fixture: &Fixture| result(fixture, Layout::People).telling_labels(0);
    assert_eq!(names(&fixture), ["service"]);
    for (at, instance) in [
        (0, "checkout-0:8080"),
        (1, "checkout-0:8080"),
        (2, "cart-0:8080"),
    ] {
        let labels = fixture.run.episodes[at].labels.with("instance", instance);
        fixture.run.episodes[at].labels = std::sync::Arc::new(labels);
    }
    assert_eq!(names(&fixture), ["service"]);
    let labels = fixture.run.episodes[1]
        .labels
        .with("instance", "checkout-1:8080");
    fixture.run.episodes[1].labels = std::sync::Arc::new(labels);
    assert_eq!(names(&fixture), ["instance"]);
}
