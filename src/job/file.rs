use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use super::backtest::BacktestSpec;
use super::forecast::ForecastSpec;
use super::known_keys::{did_you_mean_key, line_of};
use crate::model::Warning;
use crate::store::StoreError;

/// Why a job cannot run.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The job file cannot be read.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The job file is not valid; the text has line and column.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A key that nobody knows and that resembles a known one: a section whose
    /// name is misspelt would leave its steps out in silence.
    #[error("{}:{line}: nobody knows the key {key}", path.display())]
    Typo {
        /// The job file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The key, with those above it.
        key: String,
        /// The known key.
        near: &'static str,
    },
    /// Two results would be written to the same files.
    #[error("{}: two results are written as {name:?}: give one of them another `output`", path.display())]
    Twice {
        /// The job file.
        path: PathBuf,
        /// The files' name, without suffix.
        name: String,
    },
    /// The store cannot be made or opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A job: what to load, what to report, where to.
#[derive(Debug, Clone, Deserialize)]
pub struct JobFile {
    /// Folder of the store, from the job file's folder.
    pub store: Option<PathBuf>,
    /// Folder of the outputs, from the job file's folder.
    #[serde(default = "default_output")]
    pub output: PathBuf,
    /// Time zone for display, and for input times without one.
    #[serde(default, deserialize_with = "time_zone")]
    pub tz: Option<Tz>,
    /// Begin of the reports' range; see [`super::resolve_range`].
    pub since: Option<String>,
    /// End of the reports' range.
    pub until: Option<String>,
    /// What to load, in order.
    #[serde(default)]
    pub ingest: Vec<IngestStep>,
    /// What to report.
    #[serde(default)]
    pub report: Vec<ReportStep>,
    /// Alert rules to backtest.
    #[serde(default)]
    pub backtest: Vec<BacktestSpec>,
    /// What to forecast.
    #[serde(default)]
    pub forecast: Vec<ForecastSpec>,
    /// The job file's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Files to load together.
#[derive(Debug, Clone, Deserialize)]
pub struct IngestStep {
    /// Name for messages; the first path where there is none.
    #[serde(default)]
    pub name: String,
    /// Files, folders, globs, from the job file's folder.
    pub paths: Vec<String>,
    /// Format, where it is not to be guessed.
    pub from: Option<String>,
    /// Input fields and the columns that they go to.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// CSV: the column that holds the time.
    pub time: Option<String>,
    /// CSV: the column that holds the value.
    pub value: Option<String>,
    /// CSV: the columns that are labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The metric's name, where the files have none.
    pub metric: Option<String>,
    /// strftime pattern of times.
    pub time_format: Option<String>,
    /// Time zone of times without one, where it is not the job's.
    #[serde(default, deserialize_with = "time_zone")]
    pub tz: Option<Tz>,
    /// Dead letters that are fine: a count or a share.
    pub max_rejects: Option<String>,
}

/// A report to run.
#[derive(Debug, Clone, Deserialize)]
pub struct ReportStep {
    /// A built-in report's name, or an SQL file from the job file's folder.
    pub name: String,
    /// Its parameters.
    #[serde(default)]
    pub params: BTreeMap<String, toml::Value>,
    /// Begin of its range, where it is not the job's.
    pub since: Option<String>,
    /// End of its range, where it is not the job's.
    pub until: Option<String>,
    /// Name of the files that it is written to, without suffix; by default its own.
    pub output: Option<String>,
    /// Formats to write.
    #[serde(default = "default_formats")]
    pub formats: Vec<String>,
    /// Rows to show on the terminal; 0 shows the report's name only.
    #[serde(default = "default_show")]
    pub show: usize,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tz>, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map(Some).map_err(serde::de::Error::custom)
}

fn default_output() -> PathBuf {
    "reports".into()
}

pub(super) fn default_formats() -> Vec<String> {
    vec!["json".into(), "md".into()]
}

fn default_show() -> usize {
    8
}

impl ReportStep {
    /// Returns the name of the files that it is written to, without suffix.
    pub fn output_name(&self) -> &str {
        self.output.as_deref().unwrap_or_else(|| {
            let file = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
            file.trim_end_matches(".sql")
        })
    }
}

impl JobFile {
    /// Reads a job file; a key that nobody knows becomes a warning, or an error
    /// where it resembles a known one.
    pub fn read(path: &Path) -> Result<(Self, Vec<Warning>), JobError> {
        let text = std::fs::read_to_string(path).map_err(|source| JobError::Io {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, path, folder)
    }

    fn parse(text: &str, path: &Path, folder: PathBuf) -> Result<(Self, Vec<Warning>), JobError> {
        let syntax = |message: String| JobError::Syntax {
            path: path.to_owned(),
            message,
        };
        let document = toml::Deserializer::parse(text).map_err(|e| syntax(e.to_string()))?;
        let mut unknown: Vec<(usize, String)> = Vec::new();
        let job: Self = serde_ignored::deserialize(document, |key| {
            let key = key.to_string();
            unknown.push((line_of(text, &key), key));
        })
        .map_err(|e: toml::de::Error| syntax(e.to_string()))?;
        unknown.sort_unstable();
        let mut warnings = Vec::new();
        for (line, key) in unknown {
            if let Some(near) = did_you_mean_key(&key) {
                let path = path.to_owned();
                return Err(JobError::Typo {
                    path,
                    line,
                    key,
                    near,
                });
            }
            let message = format!("{}:{line}: nobody knows the key {key}", path.display());
            warnings.push(Warning::new("unknown-key", message));
        }
        // `summary.json` is the job's own.
        let mut names = BTreeSet::from(["summary"]);
        let reports = job.report.iter().map(ReportStep::output_name);
        let backtests = job.backtest.iter().map(BacktestSpec::output_name);
        let forecasts = job.forecast.iter().map(ForecastSpec::output_name);
        for name in reports.chain(backtests).chain(forecasts) {
            if !names.insert(name) {
                return Err(JobError::Twice {
                    path: path.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
        Ok((Self { folder, ..job }, warnings))
    }

    /// Returns a path of the job file as seen from the working folder, `..`
    /// taken away with the folder before it.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let mut tidy = PathBuf::new();
        for part in self.folder.join(path).components() {
            let is_folder = matches!(tidy.components().next_back(), Some(Component::Normal(_)));
            if part == Component::ParentDir && is_folder {
                tidy.pop();
            } else {
                tidy.push(part);
            }
        }
        tidy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(JobFile, Vec<Warning>), JobError> {
        JobFile::parse(text, Path::new("x/job.toml"), "x".into())
    }

    #[test]
    fn unknown_keys_warn_and_wrong_ones_have_their_line() {
        let text = "owner = \"a\"\n[[ingest]]\npaths = [\"m/*\"]\nscheme = 1\n";
        let (job, warnings) = parse(text).expect("unknown keys are no error");
        assert_eq!(job.path("out"), Path::new("x/out"));
        assert_eq!(job.path("../out"), Path::new("out"));
        assert_eq!(job.path("/out"), Path::new("/out"));
        assert_eq!(job.path("../../out"), Path::new("../out"));
        let keys: Vec<_> = warnings.iter().map(|w| w.message.as_str()).collect();
        assert_eq!(
            keys,
            [
                "x/job.toml:1: nobody knows the key owner",
                "x/job.toml:4: nobody knows the key ingest.0.scheme"
            ]
        );
        let twice = "[[report]]\nname = \"red\"\n[[report]]\nname = \"a/red.sql\"\n";
        assert!(matches!(parse(twice), Err(JobError::Twice { name, .. }) if name == "red"));
        let error = parse("[[ingest]]\npaths = 3\n").expect_err("a number is no list");
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        for (text, place, meant) in [
            (
                "[[reports]]\nname = \"red\"\n",
                "1: nobody knows the key reports",
                "report",
            ),
            (
                "tz = \"UTC\"\n[[report]]\nname = \"red\"\noutputt = \"x\"\n",
                "4: nobody knows the key report.0.outputt",
                "output",
            ),
            (
                "owner = 1\n\nstor = \"a\"\n",
                "3: nobody knows the key stor",
                "store",
            ),
            (
                "ingest = [{ paths = [], name = \"a\" },\n  { paths = [], max_reject = \"1\" }]\n",
                "2: nobody knows the key ingest.1.max_reject",
                "max_rejects",
            ),
        ] {
            let error = parse(text).expect_err("a typo");
            assert_eq!(error.to_string(), format!("x/job.toml:{place}"));
            assert!(
                matches!(error, JobError::Typo { near, .. } if near == meant),
                "{text}"
            );
        }
    }
}
