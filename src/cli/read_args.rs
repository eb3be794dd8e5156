use super::Context;
use super::error::CommandError;
use crate::ingest::{self, Format, ReadOptions};
use crate::model::{EventKind, parse_timestamp};

/// How files are read; shared by `ingest`, `sniff` and `rejects replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadArgs {
    /// The format of the files, where it is not to be guessed (see `sniff`).
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
    /// Read an input field as a column: `--map when=ts`; may repeat.
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = parse_pair)]
    map: Vec<(String, String)>,
    /// CSV: the column that holds the time (name, or number from 1).
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// CSV: the column that holds the value.
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    /// CSV: the columns that are labels, separated by commas.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    labels: Vec<String>,
    /// The metric's name, where the files have none.
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// strftime pattern of times in no known form, such as `%d/%m/%Y %H:%M`.
    #[arg(long, value_name = "PATTERN")]
    time_format: Option<String>,
    /// Time of samples that have none.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Kind of events, where the file does not say.
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    event_kind: Option<EventKind>,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(field, column)| (field.trim().to_owned(), column.trim().to_owned()))
        .filter(|(field, column)| !field.is_empty() && !column.is_empty())
        .ok_or_else(|| format!("{text:?} is not FIELD=COLUMN"))
}

fn parse_kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        let kinds: Vec<&str> = EventKind::ALL.iter().map(|k| k.as_str()).collect();
        format!("kinds are {}", kinds.join(", "))
    })
}

impl ReadArgs {
    /// Returns the format named, where one is.
    pub(crate) fn format(&self) -> Result<Option<&'static dyn Format>, CommandError> {
        let format = self.from.as_deref().map(ingest::format::by_name);
        format.transpose().map_err(CommandError::usage)
    }

    /// Returns what formats need to know.
    pub(crate) fn options(&self, context: &Context) -> Result<ReadOptions, CommandError> {
        let tz = context.tz();
        let at = match self.at.as_deref() {
            Some("now") => Some(context.now),
            Some(text) => {
                let time = parse_timestamp(text, tz);
                Some(time.map_err(|e| CommandError::usage(format!("--at: {e}")))?)
            }
            None => None,
        };
        Ok(ReadOptions {
            tz,
            time_format: self.time_format.clone(),
            at,
            map: self.map.clone(),
            time_column: self.time.clone(),
            value_column: self.value.clone(),
            label_columns: self.labels.clone(),
            metric: self.metric.clone(),
            event_kind: self.event_kind,
            file_name: String::new(),
        })
    }
}
