//! Reads the file of a rotation.

use chrono_tz::Tz;

use super::{HOUR, Override, Rotation};
use crate::alert::rule_file::yaml::{self, Node};
use crate::alert::rule_file::{Fields, Place, Reader, ShapeError, excerpt, place_of};
use crate::model::{TimeError, parse_timestamp};
use crate::promql::Span;

/// Why a rotation is refused, and where in the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct RotationError {
    /// The cause.
    #[source]
    pub kind: RotationErrorKind,
    /// The place.
    pub place: Place,
    /// The line of the file and `^~~~` under the part that is meant.
    pub excerpt: String,
}

/// The causes for which a rotation is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RotationErrorKind {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(String),
    /// A part has not the shape that it must have.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A field that must be there is not.
    #[error("{owner} must have `{field}`")]
    Missing {
        /// The field.
        field: &'static str,
        /// What it must stand in.
        owner: &'static str,
    },
    /// A value is no time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A time zone is unknown.
    #[error("{0:?} is not a time zone of the IANA database")]
    Zone(String),
    /// A shift is too short.
    #[error("a shift lasts an hour at least")]
    ShortShift,
    /// An override ends before it begins.
    #[error("the override ends before it begins")]
    Backwards,
}

const ROTATION: &str = "a rotation";
const OVERRIDE: &str = "an override";

impl Rotation {
    /// Reads a rotation; the first fault in the file is told, what is missing last.
    pub fn parse(text: &str) -> Result<Self, RotationError> {
        let documents = yaml::documents(text).map_err(|error| RotationError {
            kind: RotationErrorKind::Yaml(error.message),
            place: error.place,
            excerpt: excerpt(
                text,
                Span {
                    start: error.offset,
                    end: error.offset,
                },
            ),
        })?;
        let mut parser = Parser {
            text,
            reader: Reader::default(),
            faults: Vec::new(),
        };
        let rotation = documents.first().and_then(|node| parser.rotation(node));
        let shapes = parser.reader.faults.into_iter();
        let shapes = shapes.map(|fault| (fault.span, fault.error.into()));
        // A misspelt field says more than that the field is missing.
        let is_missing =
            |kind: &RotationErrorKind| matches!(kind, RotationErrorKind::Missing { .. });
        let faults = parser.faults.into_iter().chain(shapes);
        let first = faults.min_by_key(|(span, kind)| (is_missing(kind), span.start));
        let (span, kind) = match (first, rotation) {
            (None, Some(rotation)) => return Ok(rotation),
            (Some(fault), _) => fault,
            // An empty file.
            (None, None) => {
                let kind = RotationErrorKind::Missing {
                    field: "people",
                    owner: ROTATION,
                };
                (Span { start: 0, end: 0 }, kind)
            }
        };
        Err(RotationError {
            kind,
            place: place_of(text, span.start),
            excerpt: excerpt(text, span),
        })
    }
}

struct Parser<'t> {
    text: &'t str,
    reader: Reader,
    faults: Vec<(Span, RotationErrorKind)>,
}

impl Parser<'_> {
    fn rotation(&mut self, node: &Node) -> Option<Rotation> {
        const FIELDS: &[&str] = &["tz", "start", "shift", "people", "overrides"];
        let fields = self.reader.fields(node, ROTATION, FIELDS);
        let tz = match fields.get("tz") {
            None => Tz::UTC,
            Some(node) => self.zone(node)?,
        };
        let start = self.time(node, fields, "start", ROTATION, tz);
        let shift = self
            .required(node, fields, "shift", ROTATION)
            .and_then(|node| {
                let shift = self.reader.duration(Some(node))?;
                if shift < HOUR {
                    self.faults.push((node.span, RotationErrorKind::ShortShift));
                }
                Some(shift)
            });
        let mut people = Vec::new();
        if let Some(list) = self.required(node, fields, "people", ROTATION) {
            let items = self.reader.list(Some(list), "a list of people");
            for person in items {
                match person.is_null() {
                    true => self.reader.fault(person, ShapeError::Expected("a name")),
                    false => people.push(self.reader.text(Some(person))),
                }
            }
            if items.is_empty() {
                self.reader
                    .fault(list, ShapeError::Expected("at least one name"));
            }
        }
        let mut overrides = Vec::new();
        for node in self
            .reader
            .list(fields.get("overrides"), "a list of overrides")
        {
            overrides.extend(self.stands_in(node, tz));
        }
        Some(Rotation {
            tz,
            start: start?,
            shift: shift?,
            people,
            overrides,
        })
    }

    fn stands_in(&mut self, node: &Node, tz: Tz) -> Option<Override> {
        let fields = self
            .reader
            .fields(node, OVERRIDE, &["person", "start", "end"]);
        let person = self.required(node, fields, "person", OVERRIDE);
        let person = person.map(|node| self.reader.text(Some(node)));
        let start = self.time(node, fields, "start", OVERRIDE, tz);
        let end = self.time(node, fields, "end", OVERRIDE, tz);
        let (person, start, end) = (person?, start?, end?);
        if end < start {
            let span = fields.get("end").map_or(node.span, |node| node.span);
            self.faults.push((span, RotationErrorKind::Backwards));
        }
        Some(Override { person, start, end })
    }

    fn required<'n>(
        &mut self,
        node: &Node,
        fields: Fields<'n>,
        field: &'static str,
        owner: &'static str,
    ) -> Option<&'n Node> {
        let found = fields.get(field);
        if found.is_none() {
            let at = fields
                .key(field)
                .map_or(node.span.start, |key| key.span.start);
            let at = at.min(self.text.len());
            let kind = RotationErrorKind::Missing { field, owner };
            self.faults.push((Span { start: at, end: at }, kind));
        }
        found
    }

    fn zone(&mut self, node: &Node) -> Option<Tz> {
        let text = self.reader.text(Some(node));
        let zone = text.parse().ok();
        if zone.is_none() {
            self.faults.push((node.span, RotationErrorKind::Zone(text)));
        }
        zone
    }

    fn time(
        &mut self,
        node: &Node,
        fields: Fields<'_>,
        field: &'static str,
        owner: &'static str,
        tz: Tz,
    ) -> Option<i64> {
        let node = self.required(node, fields, field, owner)?;
        let text = self.reader.text(Some(node));
        match parse_timestamp(&text, tz) {
            Ok(ts) => Some(ts),
            Err(error) => {
                self.faults.push((node.span, error.into()));
                None
            }
        }
    }
}
