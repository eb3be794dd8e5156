//! The parameters of the highest posterior density.
//!
//! The L-BFGS method runs on the kinks as Stan's does and ends near where that ends: the forecast
//! is to be the Python package's. A search on rounded kinks knows how far the optimum is.

use augurs::prophet::optimizer::{
    Data, Error, InitialParams, OptimizeOpts, OptimizedParams, Optimizer,
};
use augurs::prophet::{PositiveFloat, TrendIndicator};

use super::posterior::{DELTA, K, M, Posterior, log_sigma};
use super::reduced::Reduced;
use crate::stats::optimise::{Limits, Minimum, Stop, bfgs_with_gradient, lbfgs};

/// How many steps the search remembers, as Stan's does.
const MEMORY: usize = 5;
/// The relative gain at which a search ends. The posterior has a kink wherever a δ is 0, on which
/// a search creeps; Stan's, too, ends well before the optimum there.
const GAIN: f64 = 1e-9;
/// The most iterations, as Prophet asks of Stan.
const ITERATIONS: usize = 10_000;
/// A search that ended this far above the optimum, a value, stood still too early: a second one
/// goes on from there on kinks that are rounded by these widths, one after the other.
const EARLY: f64 = 3e-3;
const WIDTHS: [f64; 3] = [1e-2, 1e-4, 1e-6];
/// Histories with fewer values are searched to the end, as Prophet has Stan do by Newton's method.
const SHORT: usize = 100;
/// About how many products a search may cost, and how many evaluations it may have at least.
const WORK: usize = 4_000_000_000;
const FEWEST_EVALUATIONS: usize = 300;

/// Finds the parameters with the L-BFGS method and exact derivatives.
///
/// The options of Stan's optimisers are not looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct HighestDensity;

impl Optimizer for HighestDensity {
    fn optimize(
        &self,
        init: &InitialParams,
        data: &Data,
        _opts: &OptimizeOpts,
    ) -> Result<OptimizedParams, Error> {
        check(init, data)?;
        let mut start = vec![init.k, init.m];
        start.extend(&init.delta);
        start.extend(&init.beta);
        start.push(init.sigma_obs.ln());
        let plain = data.s_m.iter().all(|&s| s == 0) && data.s_a.iter().all(|&s| s == 1);
        let minimum = if plain && data.trend_indicator != TrendIndicator::Logistic {
            let mut posterior = Reduced::new(data);
            search(data, &start, |point, gradient, width| {
                posterior.evaluate(point, gradient, width)
            })
        } else {
            let mut posterior = Posterior::new(data);
            search(data, &start, |point, gradient, width| {
                posterior.evaluate(point, gradient, width)
            })
        };
        if minimum.stop == Stop::NotFinite {
            return Err(Error::static_str(
                "the posterior is not finite at the start",
            ));
        }
        let point = minimum.point;
        let sigma = log_sigma(&point).exp().max(f64::MIN_POSITIVE);
        let betas = DELTA + data.t_change.len();
        Ok(OptimizedParams {
            k: point[K],
            m: point[M],
            sigma_obs: PositiveFloat::try_new(sigma).map_err(Error::custom)?,
            delta: point[DELTA..betas].to_vec(),
            beta: point[betas..point.len() - 1].to_vec(),
            trend: Posterior::new(data).trend(&point),
        })
    }
}

fn search(
    data: &Data,
    start: &[f64],
    mut objective: impl FnMut(&[f64], &mut [f64], f64) -> f64,
) -> Minimum {
    let cost = data.t.len() * (data.sigmas.len() + 8);
    let limits = Limits {
        iterations: ITERATIONS,
        evaluations: (WORK / cost.max(1)).clamp(FEWEST_EVALUATIONS, 2 * ITERATIONS),
        gradient: 1e-9,
        value: GAIN,
        step: f64::INFINITY,
    };
    let crept = lbfgs(
        |point, gradient| objective(point, gradient, 0.0),
        start,
        MEMORY,
        &limits,
    );
    let mut rounded = crept.clone();
    for width in WIDTHS {
        rounded = bfgs_with_gradient(
            |point, gradient| objective(point, gradient, width),
            &rounded.point,
            &Limits {
                evaluations: limits.evaluations / 2,
                ..limits
            },
        );
    }
    let mut gradient = vec![0.0; start.len()];
    rounded.value = objective(&rounded.point, &mut gradient, 0.0);
    let early = match data.t.len() < SHORT {
        true => 0.0,
        false => EARLY * data.t.len() as f64,
    };
    if rounded.value < crept.value - early {
        rounded
    } else {
        crept
    }
}

/// Checks that the parts are as long as they must be, and the times in order.
fn check(init: &InitialParams, data: &Data) -> Result<(), Error> {
    let (values, features) = (data.t.len(), data.sigmas.len());
    let lengths = data.y.len() == values
        && data.cap.len() == values
        && Some(data.X.len()) == values.checked_mul(features)
        && data.s_a.len() == features
        && data.s_m.len() == features
        && init.beta.len() == features
        && init.delta.len() == data.t_change.len();
    if !lengths {
        return Err(Error::static_str("the lengths of the data do not agree"));
    }
    if !(data.t.is_sorted() && data.t_change.is_sorted()) {
        return Err(Error::static_str("the times are not in order"));
    }
    Ok(())
}
