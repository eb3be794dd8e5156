/// The probability that all servers are busy when none can wait (Erlang B, M/M/c/c).
///
/// By 1/B = Σ c!/((c − j)! aʲ), whose terms are positive, so that no digits are lost for many
/// servers; it costs as many terms as count, of the order of c − a + √a. NaN for a load that
/// is negative or not a number; 1 without servers.
pub fn erlang_b(load: f64, servers: u64) -> f64 {
    if load.is_nan() || load < 0.0 {
        return f64::NAN;
    }
    if load == 0.0 {
        return if servers == 0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut free) = (1.0, 1.0, servers as f64);
    while free >= 1.0 {
        term *= free / load;
        sum += term;
        if sum == f64::INFINITY || (free < load && term < sum * 1e-18 * (1.0 - free / load)) {
            break;
        }
        free -= 1.0;
    }
    1.0 / sum
}

/// The probability of waiting (Erlang C, M/M/c): 1 where the servers are overloaded.
pub fn erlang_c(load: f64, servers: u64) -> f64 {
    let utilisation = load / servers as f64;
    if utilisation >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(load, servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}
