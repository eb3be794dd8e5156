//! A method as a user writes it: `ets`, `sarimax(1,1,1)(0,1,1)[12]+c`.

use std::fmt;
use std::str::FromStr;

use super::ets::{ErrorType, Season, Trend};
use super::registry::{Context, MODELS, Method};
use crate::forecast::Model;
use crate::forecast::arima::{Order, OrderError};
use crate::model::did_you_mean;

/// A method of [`MODELS`] with what was written behind its name.
///
/// Parses without regard to spaces and, in names, to case; displays as it is best written, and
/// parses from that to the same again.
#[derive(Debug, Clone, Copy)]
pub struct ModelSpec {
    method: &'static Method,
    arguments: Arguments,
}

/// What was written behind a method's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arguments {
    None,
    Order {
        order: Order,
        /// Whether there is a constant; the method's own choice where nothing was said.
        constant: Option<bool>,
    },
    /// A component that is not given is chosen.
    Components {
        error: Option<ErrorType>,
        trend: Option<Trend>,
        season: Option<Season>,
    },
}

/// Why a text names no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no model: {kind}")]
pub struct SpecError {
    /// What was written.
    pub text: String,
    /// The cause.
    pub kind: SpecErrorKind,
}

/// The causes of a [`SpecError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecErrorKind {
    /// No method has this name.
    #[error("no method has this name")]
    Unknown {
        /// The name that may have been meant.
        near: Option<&'static str>,
    },
    /// Nothing was written.
    #[error("nothing was written")]
    Empty,
    /// The method takes no arguments.
    #[error("nothing may follow its name, and {0:?} does")]
    Superfluous(String),
    /// The order is wrong.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The order is missing.
    #[error("its order must follow, as in `(1,1,1)` or `(1,1,1)(0,1,1)[24]`")]
    NoOrder,
    /// A seasonal order without the word for it.
    #[error("a seasonal order is written `sarimax(p,d,q)(P,D,Q)[m]`")]
    Seasonal,
    /// A constant that differencing takes away.
    #[error("after two differences there can be no constant (+c)")]
    Constant,
    /// The components of exponential smoothing are wrong.
    #[error(
        "{0:?} is not (error,trend,season), of A or M, of N, A or Ad, and of N, A or M, with Z for a free choice"
    )]
    Components(String),
    /// A trend that is left out.
    #[error("multiplicative trends explode and are left out: the trend is N, A, Ad or Z")]
    MultiplicativeTrend,
}

impl ModelSpec {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// Makes the model.
    #[must_use]
    pub fn make(&self, context: &Context) -> Box<dyn Model> {
        (self.method.make)(self.arguments, context)
    }

    /// Reads a list divided by commas outside brackets: `auto-arima,ets(A,N,A),theta`.
    pub fn list(text: &str) -> Result<Vec<Self>, SpecError> {
        let mut depth = 0_usize;
        let parts = text.split(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        parts.map(str::parse).collect()
    }
}

impl Default for ModelSpec {
    fn default() -> Self {
        Self {
            method: &MODELS[0],
            arguments: Arguments::None,
        }
    }
}

impl PartialEq for ModelSpec {
    fn eq(&self, other: &Self) -> bool {
        self.method.name == other.method.name && self.arguments == other.arguments
    }
}

impl FromStr for ModelSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let fail = |kind| SpecError {
            text: text.trim().to_owned(),
            kind,
        };
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (name, rest) = compact.split_at(compact.find(['(', '[', '+']).unwrap_or(compact.len()));
        if name.is_empty() {
            return Err(fail(SpecErrorKind::Empty));
        }
        let names = |method: &'static Method| {
            std::iter::once(method.name).chain(method.aliases.iter().copied())
        };
        let known = |method: &&Method| {
            let mut names = std::iter::once(&method.name).chain(method.aliases);
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        let Some(method) = MODELS.iter().find(known) else {
            let near = did_you_mean(name, MODELS.iter().flat_map(names));
            return Err(fail(SpecErrorKind::Unknown { near }));
        };
        let arguments = (method.read)(rest).map_err(fail)?;
        Ok(Self { method, arguments })
    }
}

impl fmt::Display for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method.name)?;
        match self.arguments {
            Arguments::None => Ok(()),
            Arguments::Order { order, constant } => {
                f.write_str(order.to_string().trim_start_matches("ARIMA"))?;
                f.write_str(match constant {
                    Some(true) => "+c",
                    Some(false) => "-c",
                    None => "",
                })
            }
            Arguments::Components {
                error,
                trend,
                season,
            } => {
                let error = match error {
                    Some(ErrorType::Additive) => "A",
                    Some(ErrorType::Multiplicative) => "M",
                    None => "Z",
                };
                let trend = match trend {
                    Some(Trend::None) => "N",
                    Some(Trend::Additive) => "A",
                    Some(Trend::Damped) => "Ad",
                    None => "Z",
                };
                let season = match season {
                    Some(Season::None) => "N",
                    Some(Season::Additive) => "A",
                    Some(Season::Multiplicative) => "M",
                    None => "Z",
                };
                write!(f, "({error},{trend},{season})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forecast::History;
    use crate::stats::reference_series::AIR_PASSENGERS;

    fn kind(text: &str) -> SpecErrorKind {
        text.parse::<ModelSpec>().unwrap_err().kind
    }

    #[test]
    fn reads_and_prints() {
        for (text, printed) in [
            ("auto", "auto"),
            (" Auto-ARIMA ", "auto-arima"),
            ("arima(1,1,1)", "arima(1,1,1)"),
            ("ARIMA ( 2, 0, 1 ) + c", "arima(2,0,1)+c"),
            ("arima(2,0,1)-c", "arima(2,0,1)-c"),
            ("sarimax(1,1,1)(0,1,1)[24]", "sarimax(1,1,1)(0,1,1)[24]"),
            ("sarimax(1,0,0)(0,0,0)[24]", "sarimax(1,0,0)"),
            ("snaive", "seasonal-naive"),
            ("ets", "ets"),
            ("ets(A,Ad,M)", "ets(A,Ad,M)"),
            ("ETS(Z, N, A)", "ets(Z,N,A)"),
        ] {
            let spec: ModelSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(spec));
        }
        assert_eq!(ModelSpec::default().to_string(), "auto");
    }

    #[test]
    fn refuses_what_is_no_model() {
        let unknown = |near| SpecErrorKind::Unknown { near };
        assert_eq!(kind("thetta"), unknown(Some("theta")));
        assert_eq!(kind("sniave"), unknown(Some("snaive")));
        assert_eq!(kind("deep-learning"), unknown(None));
        assert_eq!(kind("  "), SpecErrorKind::Empty);
        assert_eq!(kind("(1,1,1)"), SpecErrorKind::Empty);
        assert_eq!(kind("arima"), SpecErrorKind::NoOrder);
        assert_eq!(kind("arima(1,1)"), OrderError::Syntax.into());
        let most = OrderError::TooLarge { name: "d", most: 3 };
        assert_eq!(kind("arima(1,9,1)"), most.into());
        assert_eq!(kind("arima(0,1,1)(0,1,1)[12]"), SpecErrorKind::Seasonal);
        assert_eq!(kind("sarimax(0,1,1)(0,1,1)[12]+c"), SpecErrorKind::Constant);
        assert_eq!(kind("theta(2)"), SpecErrorKind::Superfluous("(2)".into()));
        assert_eq!(kind("ets(A,M,N)"), SpecErrorKind::MultiplicativeTrend);
        for text in [
            "ets(A,N)",
            "ets(B,N,N)",
            "ets(A,N,N,N)",
            "ets(A,N,N",
            "ets[A]",
        ] {
            assert!(matches!(kind(text), SpecErrorKind::Components(_)), "{text}");
        }
        assert_eq!(
            "Arima (1,5,1)"
                .parse::<ModelSpec>()
                .unwrap_err()
                .to_string(),
            "\"Arima (1,5,1)\" is no model: d is at most 3"
        );
    }

    #[test]
    fn lists_are_divided_outside_brackets() {
        let list = ModelSpec::list("auto-arima, sarimax(1,1,1)(0,1,1)[12]+c,ets(A,N,A)");
        assert!(list.is_err());
        let list = ModelSpec::list("auto-arima, sarimax(1,1,1)(0,1,1)[12],ets(A,N,A)").unwrap();
        let names: Vec<String> = list.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            ["auto-arima", "sarimax(1,1,1)(0,1,1)[12]", "ets(A,N,A)"]
        );
        assert_eq!(
            ModelSpec::list("ets,").unwrap_err().kind,
            SpecErrorKind::Empty
        );
    }

    #[test]
    fn makes_the_model_that_was_meant() {
        let fitted = |text: &str| {
            let spec: ModelSpec = text.parse().unwrap();
            let history = History {
                values: &AIR_PASSENGERS,
                periods: &[12.0],
                regressors: &[],
            };
            let model = spec.make(&Context::default());
            model.fit(&history).unwrap().description()
        };
        for (text, description) in [
            ("arima(1,0,0)", "ARIMA(1,0,0) with non-zero mean"),
            ("arima(1,0,0)-c", "ARIMA(1,0,0) with zero mean"),
            ("arima(0,1,1)", "ARIMA(0,1,1)"),
            ("arima(0,1,1)+c", "ARIMA(0,1,1) with drift"),
            ("sarimax(0,1,1)(0,1,1)[12]", "ARIMA(0,1,1)(0,1,1)[12]"),
            ("ets(A,N,M)", "ETS(A,N,M)"),
            ("ets(M,Z,M)", "ETS(M,A,M)"),
            ("snaive", "seasonal naive [12]"),
            ("drift", "random walk with drift"),
            ("mean", "mean"),
            ("naive", "naive"),
        ] {
            assert_eq!(fitted(text), description);
        }
    }

    #[test]
    fn every_method_of_the_registry_reads_its_own_name() {
        let mut names = Vec::new();
        for method in MODELS {
            for name in std::iter::once(&method.name).chain(method.aliases) {
                assert!(!names.contains(name), "{name} twice");
                names.push(*name);
                let needs_order = method.arguments.starts_with("(p");
                let text = if needs_order {
                    format!("{name}(1,1,1)")
                } else {
                    (*name).into()
                };
                let spec: ModelSpec = text.parse().unwrap();
                assert_eq!(spec.method().name, method.name);
            }
            assert!(!method.description.is_empty() && !method.description.ends_with('.'));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?i)(s?arimax?|ets|auto|theta|é)?[(0-9,)\\[\\]+\\-cAdMNZé ]{0,20}") {
            if let Ok(spec) = text.parse::<ModelSpec>() {
                prop_assert_eq!(spec.to_string().parse(), Ok(spec));
            }
            let _ = ModelSpec::list(&text);
        }
    }
}
