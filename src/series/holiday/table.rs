//! Reads the table, whose format the parent module describes.

use chrono::{Datelike, NaiveDate};

const TABLE: &str = include_str!("table.txt");

/// The year of the first group.
const FIRST_YEAR: i32 = 2015;

/// 1970-01-01 in days of the common era.
const EPOCH_FROM_CE: i32 = 719_163;

/// A country's or subdivision's part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    /// Code and names, separated by bars.
    header: &'static str,
    /// Lines of names and days.
    body: &'static str,
}

/// A name and its days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The holiday's name.
    pub(super) name: &'static str,
    /// Whether a subdivision lacks these days.
    pub(super) removes: bool,
    days: &'static str,
}

/// Lists all sections in the order of the file.
pub(super) fn sections() -> impl Iterator<Item = Section> {
    TABLE.split("\n@").skip(1).map(|section| {
        let (header, body) = section.split_once('\n').unwrap_or((section, ""));
        Section { header, body }
    })
}

impl Section {
    /// Code and names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let code = self.header.split('|').next().unwrap_or_default();
        // A subdivision is found by the part of its code that is its own.
        let own = code.split_once('-').map_or(code, |(_, own)| own);
        std::iter::once(own).chain(self.header.split('|').skip(1))
    }

    /// The whole code: `GB-SCT`.
    pub(super) fn code(&self) -> &'static str {
        self.header.split('|').next().unwrap_or_default()
    }

    pub(super) fn is_subdivision(&self) -> bool {
        self.code().contains('-')
    }

    /// The code of the country that a subdivision is of; nothing for a country.
    pub(super) fn parent_code(&self) -> &'static str {
        self.code()
            .split_once('-')
            .map_or("", |(country, _)| country)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + use<> {
        self.body.lines().filter_map(|line| {
            let (name, days) = line.split_once('=')?;
            Some(Entry {
                name: name.strip_prefix(['+', '-']).unwrap_or(name),
                removes: name.starts_with('-'),
                days,
            })
        })
    }
}

impl Entry {
    /// The days since the epoch, ascending.
    pub(super) fn days(&self) -> impl Iterator<Item = i32> + use<> {
        let groups = self.days.split(',').flat_map(|group| {
            let (days, times) = group.split_once('*').unwrap_or((group, "1"));
            std::iter::repeat_n(days, times.parse().unwrap_or(0))
        });
        groups.zip(FIRST_YEAR..).flat_map(|(group, year)| {
            let digits = group
                .bytes()
                .filter_map(|byte| char::from(byte).to_digit(32));
            let pairs = digits.clone().step_by(2).zip(digits.skip(1).step_by(2));
            pairs.filter_map(move |(month, day)| {
                let date = NaiveDate::from_ymd_opt(year, month, day)?;
                Some(date.num_days_from_ce() - EPOCH_FROM_CE)
            })
        })
    }
}
