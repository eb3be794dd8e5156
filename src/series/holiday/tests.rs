use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;

use super::*;

fn day(text: &str) -> i32 {
    let date: NaiveDate = text.parse().unwrap();
    date.num_days_from_ce() - 719_163
}

fn names(country: &str, date: &str) -> Vec<&'static str> {
    let country = Country::parse(country).unwrap();
    let day = day(date);
    let found = holidays(country, day, day).unwrap();
    found.iter().map(|holiday| holiday.name).collect()
}

fn suggestion(text: &str) -> Option<String> {
    match Country::parse(text).unwrap_err() {
        HolidayError::UnknownCountry { suggestion, .. }
        | HolidayError::UnknownSubdivision { suggestion, .. } => suggestion,
        HolidayError::OutOfRange { .. } => None,
    }
}

/// The 64-bit FNV-1a hash, as in generate.py.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |value, byte| {
        (value ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn the_table_holds_what_the_package_gave() {
    let mut countries = Vec::new();
    for country in Country::all() {
        let days = holidays(country, FIRST_DAY, LAST_DAY).unwrap();
        if country.parent.is_none() {
            countries.push((country.code(), days.len(), 0, String::new()));
        }
        let (_, _, subdivisions, listing) = countries.last_mut().unwrap();
        *subdivisions += usize::from(country.parent.is_some());
        listing.push_str(&format!("{}\n", country.code()));
        for Holiday { day, name } in days {
            listing.push_str(&format!("{} {name}\n", format_day(day)));
        }
    }
    let checksums: Vec<String> = countries
        .iter()
        .map(|(code, days, subdivisions, listing)| {
            format!("{code} {days} {subdivisions} {:016x}", fnv1a(listing))
        })
        .collect();
    let expected: Vec<&str> = include_str!("checksums.txt").lines().skip(1).collect();
    assert_eq!(checksums, expected);
    assert_eq!(checksums.len(), 250);
}

#[test]
fn well_known_days_are_there() {
    for (country, date, name) in [
        ("GB", "2022-09-19", "State Funeral of Queen Elizabeth II"),
        ("GB-SCT", "2024-01-02", "New Year Holiday"),
        ("GB-ENG", "2019-04-22", "Easter Monday"),
        ("US", "2023-11-23", "Thanksgiving Day"),
        ("US", "2035-07-04", "Independence Day"),
        ("DE", "2020-10-03", "German Unity Day"),
        ("DE-BY", "2021-01-06", "Epiphany"),
        ("FR", "2016-07-14", "National Day"),
        ("JP", "2019-05-01", "Emperor's Enthronement Day"),
        ("AU-VIC", "2023-11-07", "Melbourne Cup Day"),
        ("IN", "2024-08-15", "Independence Day"),
        ("TR", "2023-10-29", "Republic Day"),
        ("CN", "2015-01-01", "New Year's Day"),
        ("ZA", "2034-04-27", "Freedom Day"),
    ] {
        assert!(
            names(country, date).contains(&name),
            "{country} {date}: {:?}",
            names(country, date)
        );
    }
}

#[test]
fn a_subdivision_adds_to_its_country_and_takes_from_it() {
    // Easter Monday is no holiday in Scotland, nor of all the United Kingdom.
    assert!(names("GB-SCT", "2019-04-22").is_empty());
    assert!(names("GB", "2019-04-22").is_empty());
    assert_eq!(names("GB-SCT", "2019-04-19"), ["Good Friday"]);
    // South Australia has Proclamation Day in Boxing Day's place.
    assert_eq!(names("AU", "2019-12-26"), ["Boxing Day"]);
    assert_eq!(names("AU-SA", "2019-12-26"), ["Proclamation Day"]);
}

#[test]
fn countries_are_found_by_code_and_name() {
    for (text, code) in [
        ("GB", "GB"),
        ("gbr", "GB"),
        ("uk", "GB"),
        (" United Kingdom ", "GB"),
        ("united_kingdom", "GB"),
        ("Guinea-Bissau", "GW"),
        ("guinea-bissau", "GW"),
        ("GB-Scotland", "GB-SCT"),
        ("gbr-sct", "GB-SCT"),
        ("United Kingdom-Wales", "GB-WLS"),
        ("AU-NSW Western", "AU-NSW Western"),
        ("timor-leste", "TL"),
        ("ES-AN", "ES-AN"),
    ] {
        assert_eq!(Country::parse(text).map(|c| c.code()), Ok(code), "{text}");
    }
    assert_eq!(Country::parse("gb-sct").unwrap().name(), "Scotland");
    assert_eq!(Country::parse("gb").unwrap().name(), "United Kingdom");
}

#[test]
fn a_wrong_name_says_what_may_have_been_meant() {
    assert_eq!(suggestion("Germny").as_deref(), Some("Germany"));
    assert_eq!(suggestion("Scotland").as_deref(), Some("GB-SCT"));
    assert_eq!(suggestion("GB-Scotlnd").as_deref(), Some("Scotland"));
    assert_eq!(suggestion("XX"), None);
    assert_eq!(suggestion(""), None);
    assert_eq!(suggestion("-"), None);
    let HolidayError::UnknownSubdivision { known, .. } = Country::parse("GB-XX").unwrap_err()
    else {
        panic!("another error");
    };
    assert_eq!(known, ["GB-ENG", "GB-NIR", "GB-SCT", "GB-WLS"]);
}

#[test]
fn days_outside_the_table_are_refused() {
    let country = Country::parse("GB").unwrap();
    assert_eq!(
        (FIRST_DAY, LAST_DAY),
        (day("2015-01-01"), day("2035-12-31"))
    );
    for (from, to) in [
        (FIRST_DAY - 1, FIRST_DAY),
        (LAST_DAY, LAST_DAY + 1),
        (i32::MIN, i32::MAX),
    ] {
        let error = holidays(country, from, to).unwrap_err();
        assert_eq!(error, HolidayError::OutOfRange { from, to });
    }
    let error = holidays(country, LAST_DAY, LAST_DAY + 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no holidays are known before 2015-01-01 and after 2035-12-31: asked for 2035-12-31 to 2036-01-01"
    );
    assert_eq!(holidays(country, LAST_DAY, FIRST_DAY), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", prefix in "(gb-|fr-|-|é-)?") {
        let _ = Country::parse(&format!("{prefix}{text}"));
    }
}
