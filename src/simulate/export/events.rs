//! Writes incidents, deploys, campaigns, maintenance and holidays, a CSV each.

use std::io;

use super::output::Output;
use super::time_s;
use crate::model::MICROS_PER_DAY;
use crate::simulate::calendar::Holiday;
use crate::simulate::incidents::Incident;
use crate::simulate::plan::{Campaign, Deploy, Maintenance};

fn write<const N: usize>(
    output: &mut Output,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(output);
    csv.write_record(header)?;
    for row in rows {
        csv.write_record(row)?;
    }
    csv.flush()
}

/// Writes `incidents.csv`.
pub(in crate::simulate) fn incidents(
    incidents: &[Incident],
    output: &mut Output,
) -> io::Result<()> {
    write(
        output,
        [
            "id",
            "started_at",
            "ended_at",
            "severity",
            "service",
            "stage",
            "cause",
            "class",
        ],
        incidents.iter().map(|i| {
            [
                i.id.clone(),
                time_s(i.start),
                time_s(i.end),
                i.severity.into(),
                i.cause.service().into(),
                i.cause.stage().into(),
                i.cause.name().into(),
                i.cause.class().into(),
            ]
        }),
    )
}

/// Writes `deploys.csv`.
pub(in crate::simulate) fn deploys(deploys: &[Deploy], output: &mut Output) -> io::Result<()> {
    write(
        output,
        [
            "id",
            "started_at",
            "ended_at",
            "service",
            "version",
            "title",
        ],
        deploys.iter().map(|d| {
            [
                d.id.clone(),
                time_s(d.start),
                time_s(d.end),
                d.service.into(),
                d.version.clone(),
                format!("{} {}", d.service, d.version),
            ]
        }),
    )
}

/// Writes `campaigns.csv`.
pub(in crate::simulate) fn campaigns(
    campaigns: &[Campaign],
    output: &mut Output,
) -> io::Result<()> {
    write(
        output,
        ["id", "started_at", "ended_at", "title", "expected_lift"],
        campaigns.iter().map(|c| {
            [
                c.id.clone(),
                time_s(c.start),
                time_s(c.end),
                c.title.into(),
                c.expected_lift.to_string(),
            ]
        }),
    )
}

/// Writes `maintenance.csv`.
pub(in crate::simulate) fn maintenance(
    windows: &[Maintenance],
    output: &mut Output,
) -> io::Result<()> {
    write(
        output,
        ["id", "started_at", "ended_at", "service", "title"],
        windows.iter().map(|m| {
            [
                m.id.clone(),
                time_s(m.start),
                time_s(m.end),
                m.service.into(),
                m.title.into(),
            ]
        }),
    )
}

/// Writes `holidays.csv`.
pub(in crate::simulate) fn holidays(holidays: &[Holiday], output: &mut Output) -> io::Result<()> {
    write(
        output,
        ["id", "started_at", "ended_at", "title", "country"],
        holidays.iter().map(|h| {
            let start = time_s(h.start);
            [
                format!("GB-{}", start.get(..10).unwrap_or_default()),
                start.clone(),
                time_s(h.start + MICROS_PER_DAY),
                h.title.into(),
                "GB".into(),
            ]
        }),
    )
}
