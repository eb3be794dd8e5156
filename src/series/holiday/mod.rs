//! Public holidays of all countries and their subdivisions, 2015 to 2035.
//!
//! From the Python package `holidays` 0.108 (Vacanza Team and individual contributors, MIT;
//! <https://github.com/vacanza/holidays>): its public holidays with English names, and with the
//! observed days as it gives them (`Christmas Day (observed)`). `generate.py` writes the table
//! and says how to run it. Days that hang on the moon's sighting are named `(estimated)`; laws
//! made after the package came out are not in it.
//!
//! `table.txt` is text. A line `@GB|United Kingdom|GBR|UK` opens a country, `@GB-SCT|Scotland` a
//! subdivision of it: its code, then other names. Under a country stand `name=days`; under a
//! subdivision `+name=days` for what it has beside its country's, `-name=days` for what it lacks.
//! Days are groups, separated by commas, a group a year from 2015 on: two characters a day, month
//! and day of the month to the base 32 (`cp` is 25 December); `cp*21` stands for 21 such years.

mod table;

use self::table::Section;
use crate::model::{did_you_mean, format_day};

/// The first day that is covered, 2015-01-01: days since the epoch.
pub const FIRST_DAY: i32 = 16_436;

/// The last day that is covered, 2035-12-31.
pub const LAST_DAY: i32 = 24_105;

/// The longest text that is worth comparing with the names.
const LONGEST_NAME: usize = 64;

/// A country or a subdivision of one, whose holidays are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    section: Section,
    /// The country that the subdivision is of.
    parent: Option<Section>,
}

/// A public holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// The local day, in days since the epoch.
    pub day: i32,
    /// Its English name.
    pub name: &'static str,
}

/// Why there are no holidays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidayError {
    /// There is no such country.
    #[error("there is no country '{country}'")]
    UnknownCountry {
        /// What was asked for.
        country: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// The country has no such subdivision.
    #[error("{country} has no subdivision '{subdivision}' with holidays of its own")]
    UnknownSubdivision {
        /// The country's code.
        country: &'static str,
        /// What was asked for.
        subdivision: String,
        /// What may have been meant.
        suggestion: Option<String>,
        /// The codes that there are.
        known: Vec<&'static str>,
    },
    /// Some of the days lie outside the table.
    #[error(
        "no holidays are known before {} and after {}: asked for {} to {}",
        format_day(FIRST_DAY), format_day(LAST_DAY), format_day(*from), format_day(*to)
    )]
    OutOfRange {
        /// The first day asked for.
        from: i32,
        /// The last.
        to: i32,
    },
}

impl Country {
    /// Finds a country by its ISO 3166 code or English name (`GB`, `GBR`, `United Kingdom`), or a
    /// subdivision (`GB-SCT`, `GB-Scotland`), whatever its case.
    pub fn parse(text: &str) -> Result<Self, HolidayError> {
        let wanted = folded(text);
        let of_country = |wanted: &str| {
            table::sections().find(|section| !section.is_subdivision() && matches(section, wanted))
        };
        if let Some(section) = of_country(&wanted) {
            return Ok(Self {
                section,
                parent: None,
            });
        }
        // A country's name may have a hyphen itself.
        for (at, _) in text.match_indices('-') {
            let Some(parent) = of_country(&folded(&text[..at])) else {
                continue;
            };
            let subdivision = text[at + 1..].trim();
            let wanted = folded(subdivision);
            let of = || table::sections().filter(|section| section.parent_code() == parent.code());
            return match of().find(|section| matches(section, &wanted)) {
                Some(section) => Ok(Self {
                    section,
                    parent: Some(parent),
                }),
                None => Err(HolidayError::UnknownSubdivision {
                    country: parent.code(),
                    subdivision: subdivision.into(),
                    suggestion: nearest(subdivision, of()),
                    known: of().map(|section| section.code()).collect(),
                }),
            };
        }
        Err(HolidayError::UnknownCountry {
            country: text.into(),
            suggestion: suggest(text.trim(), &wanted),
        })
    }

    /// Lists all countries and subdivisions, each country before its own.
    pub fn all() -> impl Iterator<Item = Self> {
        table::sections().scan(None, |country, section| {
            let parent = section.is_subdivision().then_some(*country).flatten();
            if parent.is_none() {
                *country = Some(section);
            }
            Some(Self { section, parent })
        })
    }

    /// Returns the code: `GB`, `GB-SCT`.
    pub fn code(&self) -> &'static str {
        self.section.code()
    }

    /// Returns the English name; the code where a subdivision has none.
    pub fn name(&self) -> &'static str {
        self.section.names().nth(1).unwrap_or(self.code())
    }
}

/// Lists the public holidays from one day to another, both included, by day and name.
///
/// A day has one entry for each holiday that falls on it.
pub fn holidays(country: Country, from: i32, to: i32) -> Result<Vec<Holiday>, HolidayError> {
    if from < FIRST_DAY || to > LAST_DAY {
        return Err(HolidayError::OutOfRange { from, to });
    }
    let mut holidays = Vec::new();
    for section in country.parent.iter().chain([&country.section]) {
        for entry in section.entries() {
            let of_entry = entry.days().map(|day| Holiday {
                day,
                name: entry.name,
            });
            if entry.removes {
                let removed: Vec<Holiday> = of_entry.collect();
                holidays.retain(|holiday| !removed.contains(holiday));
            } else {
                holidays.extend(of_entry);
            }
        }
    }
    holidays.retain(|holiday| (from..=to).contains(&holiday.day));
    holidays.sort_unstable();
    holidays.dedup();
    Ok(holidays)
}

/// Leaves letters and digits, in lower case.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn matches(section: &Section, wanted: &str) -> bool {
    !wanted.is_empty() && section.names().any(|name| folded(name) == wanted)
}

/// What an unknown country's name may have meant: a name that is near, or a subdivision's.
fn suggest(text: &str, wanted: &str) -> Option<String> {
    let mut subdivisions =
        table::sections().filter(|section| section.is_subdivision() && matches(section, wanted));
    match (subdivisions.next(), subdivisions.next()) {
        (Some(only), None) => Some(only.code().into()),
        _ => nearest(text, table::sections().filter(|s| !s.is_subdivision())),
    }
}

/// The nearest name of some sections. Codes are too short to tell what was meant.
fn nearest(text: &str, sections: impl Iterator<Item = Section>) -> Option<String> {
    if text.chars().count() <= 3 || text.len() > LONGEST_NAME {
        return None;
    }
    let names = sections.flat_map(|section| section.names().skip(1));
    did_you_mean(text, names.filter(|name| name.chars().count() > 3)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
