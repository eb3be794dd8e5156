//! Every method of forecasting by name: what help, parsing and the command's checks follow.

use super::ets::{self, ErrorType, Ets, Trend};
use super::naive::{Drift, Naive, SeasonalNaive};
use super::spec::{Arguments, SpecErrorKind};
use super::{AugursEts, AutoArima, Autoregression, Harmonic, Mean, Mstl, Prophet, Theta};
use crate::forecast::Model;
use crate::forecast::arima::{Order, Sarimax};
use crate::forecast::ensemble::Ensemble;

/// A method that a user can name.
#[derive(Debug)]
pub struct Method {
    /// Its name: `auto-arima`.
    pub name: &'static str,
    /// Other names that it answers to.
    pub aliases: &'static [&'static str],
    /// What may follow its name: `(p,d,q)(P,D,Q)[m]`; empty where nothing may.
    pub arguments: &'static str,
    /// One line for help.
    pub description: &'static str,
    /// Whether it uses outside variables.
    pub regressors: bool,
    /// Whether it searches among orders, which [`Context::exhaustive`] widens.
    pub searches: bool,
    pub(super) read: fn(&str) -> Result<Arguments, SpecErrorKind>,
    pub(super) make: fn(Arguments, &Context) -> Box<dyn Model>,
}

/// What a method needs to know beside its own arguments.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Context {
    /// How long a step is, in seconds; `None` for integers without a time.
    pub step_seconds: Option<f64>,
    /// How many steps will be forecast, where that is known.
    pub horizon: Option<usize>,
    /// Whether those that search try every order instead of searching stepwise.
    pub exhaustive: bool,
}

/// Every method, in the order in which help lists them; the first is the default.
pub const MODELS: &[Method] = &[
    Method {
        description: "auto-arima, which is the best all-rounder (default)",
        regressors: true,
        searches: true,
        make: |_, context| auto_arima(context),
        ..method("auto")
    },
    Method {
        description: "ARIMA of the order with the least AICc; harmonic where the season is longer than 60 steps",
        regressors: true,
        searches: true,
        make: |_, context| auto_arima(context),
        ..method("auto-arima")
    },
    Method {
        arguments: "(p,d,q)",
        description: "ARIMA of a given order; +c or -c at the end: with or without a constant",
        regressors: true,
        read: plain_order,
        make: |arguments, _| sarimax(arguments),
        ..method("arima")
    },
    Method {
        arguments: "(p,d,q)(P,D,Q)[m]",
        description: "seasonal ARIMA of a given order with outside variables; +c or -c as above",
        regressors: true,
        read: order,
        make: |arguments, _| sarimax(arguments),
        ..method("sarimax")
    },
    Method {
        description: "Fourier terms for every season with ARIMA errors: long seasons, several seasons",
        regressors: true,
        searches: true,
        make: |_, context| {
            Box::new(Harmonic {
                exhaustive: context.exhaustive,
            })
        },
        ..method("harmonic")
    },
    Method {
        arguments: "(A,Ad,M)",
        description: "exponential smoothing, chosen or with given error, trend and season; Z is a free choice",
        read: components,
        make: |arguments, _| Box::new(exponential_smoothing(arguments)),
        ..method("ets")
    },
    Method {
        description: "the optimised Theta method",
        make: |_, _| Box::new(Theta::default()),
        ..method("theta")
    },
    Method {
        description: "autoregression on lags about every season, by least squares",
        regressors: true,
        make: |_, _| Box::new(Autoregression::default()),
        ..method("autoregression")
    },
    Method {
        description: "several of these, weighed by their errors at earlier origins, with calibrated intervals",
        regressors: true,
        make: |_, context| {
            Box::new(Ensemble {
                horizon: context.horizon,
                ..Ensemble::default()
            })
        },
        ..method("ensemble")
    },
    Method {
        description: "the mean of the history",
        make: |_, _| Box::new(Mean),
        ..method("mean")
    },
    Method {
        description: "the last value",
        make: |_, _| Box::new(Naive),
        ..method("naive")
    },
    Method {
        aliases: &["snaive"],
        description: "the last season again",
        make: |_, _| Box::new(SeasonalNaive),
        ..method("seasonal-naive")
    },
    Method {
        description: "the line through the first and the last value",
        make: |_, _| Box::new(Drift),
        ..method("drift")
    },
    Method {
        description: "MSTL: every season taken off, exponential smoothing of the rest",
        make: |_, _| Box::new(Mstl),
        ..method("mstl")
    },
    Method {
        description: "exponential smoothing without a season, by augurs",
        make: |_, _| Box::new(AugursEts),
        ..method("augurs-ets")
    },
    Method {
        description: "Prophet: a trend in pieces, Fourier seasons and outside variables",
        regressors: true,
        make: |_, context| {
            Box::new(Prophet {
                step_days: context.step_seconds.map(|seconds| seconds / SECONDS_A_DAY),
                ..Prophet::default()
            })
        },
        ..method("prophet")
    },
];

const SECONDS_A_DAY: f64 = 86_400.0;

/// A method without arguments, to be completed.
const fn method(name: &'static str) -> Method {
    Method {
        name,
        aliases: &[],
        arguments: "",
        description: "",
        regressors: false,
        searches: false,
        read: nothing,
        make: |_, _| Box::new(Naive),
    }
}

fn nothing(text: &str) -> Result<Arguments, SpecErrorKind> {
    if text.is_empty() {
        Ok(Arguments::None)
    } else {
        Err(SpecErrorKind::Superfluous(text.to_owned()))
    }
}

fn plain_order(text: &str) -> Result<Arguments, SpecErrorKind> {
    let arguments = order(text)?;
    match arguments {
        // The seasonal part has its own name.
        Arguments::Order { order, .. } if order.period > 1 => Err(SpecErrorKind::Seasonal),
        _ => Ok(arguments),
    }
}

fn order(text: &str) -> Result<Arguments, SpecErrorKind> {
    if text.is_empty() {
        return Err(SpecErrorKind::NoOrder);
    }
    let (text, constant) = match (text.strip_suffix("+c"), text.strip_suffix("-c")) {
        (Some(text), _) => (text, Some(true)),
        (_, Some(text)) => (text, Some(false)),
        _ => (text, None),
    };
    let mut order: Order = text.parse()?;
    if order.seasonal_ar + order.seasonal_differences + order.seasonal_ma == 0 {
        order.period = 0;
    }
    if constant == Some(true) && order.differences + order.seasonal_differences > 1 {
        return Err(SpecErrorKind::Constant);
    }
    Ok(Arguments::Order { order, constant })
}

fn components(text: &str) -> Result<Arguments, SpecErrorKind> {
    if text.is_empty() {
        return Ok(Arguments::None);
    }
    let syntax = || SpecErrorKind::Components(text.to_owned());
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    let parts: Vec<&str> = inner.ok_or_else(syntax)?.split(',').collect();
    let [error, trend, season] = parts[..] else {
        return Err(syntax());
    };
    let error = match error {
        "A" => Some(ErrorType::Additive),
        "M" => Some(ErrorType::Multiplicative),
        "Z" => None,
        _ => return Err(syntax()),
    };
    let trend = match trend {
        "N" => Some(Trend::None),
        "A" => Some(Trend::Additive),
        "Ad" => Some(Trend::Damped),
        "Z" => None,
        "M" | "Md" => return Err(SpecErrorKind::MultiplicativeTrend),
        _ => return Err(syntax()),
    };
    let season = match season {
        "N" => Some(ets::Season::None),
        "A" => Some(ets::Season::Additive),
        "M" => Some(ets::Season::Multiplicative),
        "Z" => None,
        _ => return Err(syntax()),
    };
    Ok(Arguments::Components {
        error,
        trend,
        season,
    })
}

fn auto_arima(context: &Context) -> Box<dyn Model> {
    Box::new(AutoArima {
        exhaustive: context.exhaustive,
    })
}

/// As R's `Arima`: without a word on it there is a mean where nothing is differenced, and no
/// drift elsewhere.
fn sarimax(arguments: Arguments) -> Box<dyn Model> {
    let (order, constant) = match arguments {
        Arguments::Order { order, constant } => (order, constant),
        _ => (Order::new(0, 0, 0), None),
    };
    Box::new(Sarimax {
        order,
        constant: constant.unwrap_or(order.lost() == 0),
    })
}

fn exponential_smoothing(arguments: Arguments) -> Ets {
    match arguments {
        Arguments::Components {
            error,
            trend,
            season,
        } => Ets {
            error,
            trend,
            season,
            // What is asked for by name is not left out for its variance.
            restrict: error.is_none() || season.is_none(),
            ..Ets::default()
        },
        _ => Ets::default(),
    }
}
