use super::fixture::{Fixture, MINUTE, fixture};
use super::judged::share;
use super::{json, shown};
use crate::alert::backtest::{Breach, Parameter, Setting, SettingValue, SweepPoint, compare};
use crate::alert::rule_file::Place;
use crate::model::Warning;
use crate::render::Format;
use crate::report::{ChangeReview, Document, Layout, SweepOutcome, SweepResult};

/// The base's noisy pages are gone; one incident is lost, one met ten minutes later.
fn changed() -> Fixture {
    let mut new = fixture();
    for told in &mut new.run.notifications {
        let episode = told.firing.first().copied();
        if episode.is_some_and(|episode| new.run.episodes[episode].rule == 1) {
            told.is_page = false;
        }
        if episode == Some(1) {
            told.notification.ts += 10 * MINUTE;
        }
    }
    new.run.notifications.retain(|told| told.firing != [0]);
    new.run
        .notifications
        .sort_by_key(|told| told.notification.ts);
    new.run.rules[1].info.hold = 15 * MINUTE;
    new.verdict.totals.pages = 1;
    new.verdict.totals.pages_night = 1;
    new.verdict.totals.page_recall = share(1, 3, 0.06, 0.79);
    new.verdict.totals.median_delay = None;
    new.verdict.findings.remove(1);
    let met = &mut new.verdict.incidents;
    met[1].first_page_at = met[1].first_page_at.map(|at| at + 10 * MINUTE);
    met[0].first_firing_at = None;
    met[0].first_notification_at = None;
    met[0].first_page_at = None;
    new.verdict.rules[0].pages = 0;
    new
}

pub(super) fn review(
    base: &Fixture,
    new: &Fixture,
    layout: Layout,
    breaches: &[Breach],
) -> Document {
    let comparison = compare((&base.run, &base.verdict), (&new.run, &new.verdict));
    let review = ChangeReview {
        comparison: &comparison,
        base: (&base.run, &base.verdict),
        new: (&new.run, &new.verdict),
        incidents: &new.incidents,
        breaches: Some(breaches),
        layout,
    };
    review.document().expect("a document")
}

pub(super) fn breach() -> Breach {
    Breach {
        what: "max_pages_per_week".to_owned(),
        place: Place { line: 1, column: 1 },
        allowed: "0.2".to_owned(),
        actual: "0.33".to_owned(),
        sentence: "0.33 pages a week, 0.2 allowed".to_owned(),
    }
}

fn points() -> Vec<SweepOutcome> {
    let mut points = Vec::new();
    for threshold in [1.0, 2.0, 3.0] {
        for hold in [0, 5 * MINUTE] {
            let mut totals = fixture().verdict.totals;
            let number = points.len();
            totals.pages = 30 - number * 5;
            let hits = [3, 3, 2, 2, 2, 0][number];
            totals.page_recall = share(hits, 3, 0.1, 0.9);
            let setting = |parameter, value| Setting {
                rule: "HighErrorRate".to_owned(),
                parameter,
                value,
            };
            points.push(SweepOutcome {
                point: SweepPoint {
                    settings: vec![
                        setting(Parameter::Threshold, SettingValue::Number(threshold)),
                        setting(Parameter::For, SettingValue::Duration(hold)),
                    ],
                    is_current: number == 2,
                },
                totals,
                rules: vec![fixture().verdict.rules[1].clone()],
                warnings: match number {
                    0 => vec![Warning::new("few-incidents", "only 3 incidents")],
                    _ => Vec::new(),
                },
                is_best: [1, 4, 5].contains(&number),
            });
        }
    }
    points
}

pub(super) fn swept(layout: Layout) -> Document {
    let points = points();
    let run = fixture().run;
    let sweep = SweepResult {
        points: &points,
        run: &run,
        layout,
    };
    sweep.document().expect("a document")
}

#[test]
fn a_change_is_reviewed() {
    let (base, new) = (fixture(), changed());
    let document = review(&base, &new, Layout::People, &[breach()]);
    let text = shown(&document, Format::Md, 80);
    for part in [
        "for: 5m -> 15m",
        "0.33 pages a week instead of 3.3: 9 lost, 1 later, 0 unchanged; 8 notifications",
        "LOST: INC-1",
        "met later: INC-2",
        "**critical**: budget: 0.33 pages a week, 0.2 allowed",
        "no longer found: tells much, and hardly ever of an incident (NoisyDisk)",
        "**Lost pages**",
        "**Later pages**",
        "| pages a week | 3.3 | 0.33 | -3 |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let value = json(&review(&base, &new, Layout::Rows, &[breach()]));
    let changes = value["rows"].as_array().expect("rows");
    assert!(
        changes
            .iter()
            .any(|row| row["change"] == "later" && row["shift"] == 600.0)
    );
    let same = shown(
        &review(&base, &base, Layout::People, &[]),
        Format::Table,
        400,
    );
    assert!(
        same.contains("The change makes no difference to any notification"),
        "{same}"
    );
}

#[test]
fn a_sweep_marks_its_front() {
    let text = shown(&swept(Layout::People), Format::Table, 100);
    assert!(
        text.contains("3 of them (*) are not beaten by another"),
        "{text}"
    );
    assert!(text.contains("● not beaten"), "{text}");
    let row = text.lines().find(|line| line.starts_with("3 now"));
    assert!(row.is_some_and(|row| row.contains("2/3")), "{text}");
    let csv = shown(&swept(Layout::Rows), Format::Csv, 100);
    assert!(csv.starts_with("no,HighErrorRate.threshold,HighErrorRate.for,is_current,is_best,"));
    assert!(
        csv.lines()
            .nth(2)
            .is_some_and(|row| row.starts_with("2,1,300,false,true,")),
        "{csv}"
    );
}
