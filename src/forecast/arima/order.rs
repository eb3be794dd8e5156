use std::fmt;
use std::str::FromStr;

/// The order of a seasonal ARIMA model, `(p,d,q)(P,D,Q)[m]`.
///
/// Displays as R prints it: `ARIMA(1,1,1)(0,1,1)[12]`, without the second part where
/// there is no season. Parses the same with or without the word in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Order {
    /// Autoregressive coefficients (p).
    pub ar: usize,
    /// Differences (d).
    pub differences: usize,
    /// Moving-average coefficients (q).
    pub ma: usize,
    /// Seasonal autoregressive coefficients (P).
    pub seasonal_ar: usize,
    /// Seasonal differences (D).
    pub seasonal_differences: usize,
    /// Seasonal moving-average coefficients (Q).
    pub seasonal_ma: usize,
    /// Steps in a season (m); 0 or 1 for none.
    pub period: usize,
}

/// What is wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It does not read `(p,d,q)` or `(p,d,q)(P,D,Q)[m]`.
    #[error("an order reads (p,d,q) or (p,d,q)(P,D,Q)[m]")]
    Syntax,
    /// A number is above its limit.
    #[error("{name} is at most {most}")]
    TooLarge {
        /// The number's letter.
        name: &'static str,
        /// The limit.
        most: usize,
    },
    /// There are seasonal terms without a season.
    #[error("seasonal terms need a season of at least 2 steps")]
    NoSeason,
}

/// More than this many coefficients of a kind are never identified.
const MOST_COEFFICIENTS: usize = 60;
const MOST_DIFFERENCES: usize = 3;
/// Beyond this a season is better told by Fourier terms.
const MOST_PERIOD: usize = 750;
/// The likelihood's cost grows with the square of the degree.
const MOST_DEGREE: usize = 800;

impl Order {
    /// A model without a season.
    #[must_use]
    pub const fn new(ar: usize, differences: usize, ma: usize) -> Self {
        Self {
            ar,
            differences,
            ma,
            seasonal_ar: 0,
            seasonal_differences: 0,
            seasonal_ma: 0,
            period: 0,
        }
    }

    /// The same with seasonal terms.
    #[must_use]
    pub const fn seasonal(self, ar: usize, differences: usize, ma: usize, period: usize) -> Self {
        Self {
            seasonal_ar: ar,
            seasonal_differences: differences,
            seasonal_ma: ma,
            period,
            ..self
        }
    }

    /// How many ARMA coefficients there are: p + q + P + Q.
    #[must_use]
    pub const fn coefficients(&self) -> usize {
        self.ar + self.ma + self.seasonal_ar + self.seasonal_ma
    }

    /// How many values differencing takes: d + m D.
    #[must_use]
    pub const fn lost(&self) -> usize {
        self.differences
            .saturating_add(self.period.saturating_mul(self.seasonal_differences))
    }

    /// The degree of the autoregressive polynomial multiplied out.
    #[must_use]
    pub const fn ar_degree(&self) -> usize {
        self.ar
            .saturating_add(self.period.saturating_mul(self.seasonal_ar))
    }

    /// The degree of the moving-average polynomial multiplied out.
    #[must_use]
    pub const fn ma_degree(&self) -> usize {
        self.ma
            .saturating_add(self.period.saturating_mul(self.seasonal_ma))
    }

    /// Checks that the numbers are in their limits and make sense together.
    pub fn check(&self) -> Result<(), OrderError> {
        let most = [
            ("p", self.ar, MOST_COEFFICIENTS),
            ("d", self.differences, MOST_DIFFERENCES),
            ("q", self.ma, MOST_COEFFICIENTS),
            ("P", self.seasonal_ar, MOST_COEFFICIENTS),
            ("D", self.seasonal_differences, MOST_DIFFERENCES),
            ("Q", self.seasonal_ma, MOST_COEFFICIENTS),
            ("m", self.period, MOST_PERIOD),
            ("p + mP", self.ar_degree(), MOST_DEGREE),
            ("q + mQ", self.ma_degree(), MOST_DEGREE),
            ("d + mD", self.lost(), 2 * MOST_DEGREE),
        ];
        if let Some((name, _, most)) = most.into_iter().find(|(_, n, most)| n > most) {
            return Err(OrderError::TooLarge { name, most });
        }
        let terms = self.seasonal_ar + self.seasonal_differences + self.seasonal_ma;
        if terms > 0 && self.period < 2 {
            return Err(OrderError::NoSeason);
        }
        Ok(())
    }

    /// The names of the coefficients in their order: `ar1`, `ma1`, `sar1`, `sma1`.
    #[must_use]
    pub fn coefficient_names(&self) -> Vec<String> {
        let kinds = [
            ("ar", self.ar),
            ("ma", self.ma),
            ("sar", self.seasonal_ar),
            ("sma", self.seasonal_ma),
        ];
        let names = kinds.into_iter();
        names
            .flat_map(|(kind, count)| (1..=count).map(move |i| format!("{kind}{i}")))
            .collect()
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ARIMA({},{},{})", self.ar, self.differences, self.ma)?;
        if self.seasonal_ar + self.seasonal_differences + self.seasonal_ma > 0 {
            write!(
                f,
                "({},{},{})[{}]",
                self.seasonal_ar, self.seasonal_differences, self.seasonal_ma, self.period
            )?;
        }
        Ok(())
    }
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let rest = ["sarimax", "sarima", "arima"]
            .iter()
            .find_map(|word| {
                let head = compact.get(..word.len())?;
                head.eq_ignore_ascii_case(word)
                    .then(|| &compact[word.len()..])
            })
            .unwrap_or(&compact);
        let ([ar, differences, ma], rest) = triple(rest)?;
        let mut order = Self::new(ar, differences, ma);
        if !rest.is_empty() {
            let ([ar, differences, ma], rest) = triple(rest)?;
            let period = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']'));
            let period = period.ok_or(OrderError::Syntax)?;
            order = order.seasonal(ar, differences, ma, number(period)?);
        }
        order.check()?;
        Ok(order)
    }
}

/// Reads `(a,b,c)` and returns what follows it.
fn triple(text: &str) -> Result<([usize; 3], &str), OrderError> {
    let inner = text.strip_prefix('(').ok_or(OrderError::Syntax)?;
    let (inner, rest) = inner.split_once(')').ok_or(OrderError::Syntax)?;
    let mut numbers = [0; 3];
    let mut parts = inner.split(',');
    for n in &mut numbers {
        *n = number(parts.next().ok_or(OrderError::Syntax)?)?;
    }
    match parts.next() {
        None => Ok((numbers, rest)),
        Some(_) => Err(OrderError::Syntax),
    }
}

fn number(text: &str) -> Result<usize, OrderError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(OrderError::Syntax);
    }
    text.parse().map_err(|_| OrderError::Syntax)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_prints() {
        let airline = Order::new(0, 1, 1).seasonal(0, 1, 1, 12);
        for text in [
            "(0,1,1)(0,1,1)[12]",
            "ARIMA(0,1,1)(0,1,1)[12]",
            "sarimax( 0, 1, 1 ) (0,1,1) [12]",
        ] {
            assert_eq!(text.parse(), Ok(airline));
        }
        assert_eq!(airline.to_string(), "ARIMA(0,1,1)(0,1,1)[12]");
        assert_eq!("(2,0,1)".parse(), Ok(Order::new(2, 0, 1)));
        assert_eq!(Order::new(2, 0, 1).to_string(), "ARIMA(2,0,1)");
        assert_eq!((airline.lost(), airline.ma_degree()), (13, 13));
        assert_eq!(airline.coefficient_names(), ["ma1", "sma1"]);
    }

    #[test]
    fn refuses_nonsense() {
        for text in [
            "",
            "(1,1)",
            "(1,1,1",
            "(1,1,1,1)",
            "(1,1,1)(0,1,1)",
            "(a,1,1)",
            "(-1,0,0)",
            "(1,1,1)[12]",
            "(1,1,1)(0,1,1)[]",
            "(+1,0,0)",
            "(99999999999999999999999,0,0)",
        ] {
            assert_eq!(text.parse::<Order>(), Err(OrderError::Syntax), "{text}");
        }
        assert_eq!(
            "(1,4,1)".parse::<Order>(),
            Err(OrderError::TooLarge { name: "d", most: 3 })
        );
        assert_eq!(
            "(1,0,1)(1,0,0)[1]".parse::<Order>(),
            Err(OrderError::NoSeason)
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?i)(s?arimax?)?[(0-9,)\\[\\]é ]{0,30}") {
            if let Ok(order) = text.parse::<Order>() {
                prop_assert!(order.check().is_ok());
            }
        }
    }
}
