//! Runs the network of queues step by step and keeps what happened.
//!
//! Room is handed up the chain (a stage takes no more than its capacity and its
//! buffer allow, and it lets go no more than the next one takes), then work is
//! handed down. A backlog therefore grows in front of the bottleneck, up to the
//! topics, which are unbounded; the stages behind it starve.

use super::demand::Demand;
use super::incidents::{Cause, Incident};
use super::plan::{Deploy, Maintenance};
use super::queueing::{Flow, Stage, base_time};
use super::rng::Rng;
use super::topology::{BACKENDS, COLLECTORS, ENDPOINTS, FETCH_TIME, FLINK, STAGES};
use super::{SimulationOptions, StepClock};

/// What happened, one entry a step in every list.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Messages that each source produced.
    pub(super) produced: [Vec<f64>; 3],
    /// Collectors.
    pub(super) collectors: [Vec<Flow>; 3],
    /// Topics, read by the consumer group.
    pub(super) topics: [Vec<Flow>; 3],
    /// Pipeline stages.
    pub(super) stages: [Vec<Flow>; 3],
    /// Messages that failed in each pipeline stage.
    pub(super) failures: [Vec<f64>; 3],
    /// Storage backends, in writes.
    pub(super) backends: [Vec<Flow>; 3],
    /// Endpoints of the query API, in requests.
    pub(super) endpoints: [Vec<Flow>; 2],
    /// The index of the incident that was on.
    pub(super) incident: Vec<Option<usize>>,
}

/// Streams of chance, one a purpose.
struct Chance {
    demand: [Rng; 3],
    service: Rng,
    failures: Rng,
    queries: Rng,
}

/// The state from step to step.
#[derive(Default)]
struct State {
    collectors: [Stage; 3],
    topics: [Stage; 3],
    stages: [Stage; 3],
    backends: [Stage; 3],
    endpoints: [Stage; 2],
    /// Messages that wait at each source because they could not be fetched.
    at_source: [f64; 3],
    /// Slow noise of each source's demand (an AR(1) process, relative).
    drift: [f64; 3],
}

/// Runs the system over all steps.
pub(super) fn run(
    options: &SimulationOptions,
    clock: StepClock,
    demand: &Demand,
    incidents: &[Incident],
    deploys: &[Deploy],
    maintenance: &[Maintenance],
) -> History {
    let seed = options.seed;
    let mut chance = Chance {
        demand: COLLECTORS.map(|c| Rng::new(seed, c.service)),
        service: Rng::new(seed, "service"),
        failures: Rng::new(seed, "failures"),
        queries: Rng::new(seed, "queries"),
    };
    let mut state = State::default();
    let mut history = History::default();
    let mut next = 0;
    for k in 0..clock.steps {
        let mid = clock.at(k) - clock.step / 2;
        while incidents.get(next).is_some_and(|i| i.end <= mid) {
            next += 1;
        }
        let active = incidents.get(next).filter(|i| i.is_on(mid));
        history.incident.push(active.map(|_| next));
        let situation = Situation {
            mid,
            start: k as f64 * clock.seconds(),
            seconds: clock.seconds(),
            scale: options.scale,
            incident: active,
            restarting: deploys
                .iter()
                .any(|d| d.service == FLINK && d.start <= mid && mid < d.end),
            vacuum: maintenance.iter().any(|m| m.start <= mid && mid < m.end),
        };
        collect(&situation, demand, &mut state, &mut chance, &mut history);
        process(&situation, demand, &mut state, &mut chance, &mut history);
        answer(&situation, demand, &mut state, &mut chance, &mut history);
    }
    history
}

struct Situation<'a> {
    mid: i64,
    /// Seconds from the first step's begin.
    start: f64,
    seconds: f64,
    scale: f64,
    incident: Option<&'a Incident>,
    restarting: bool,
    vacuum: bool,
}

impl Situation<'_> {
    fn cause(&self) -> Option<Cause> {
        self.incident.map(|i| i.cause)
    }

    fn strength(&self) -> f64 {
        self.incident.map_or(1.0, |i| i.strength)
    }

    /// Messages a second that are expected from all sources.
    fn expected(&self, demand: &Demand) -> f64 {
        let rates = COLLECTORS.iter().map(|c| demand.rate(c, self.mid));
        rates.sum::<f64>() * self.scale
    }
}

fn jitter(rng: &mut Rng, spread: f64) -> f64 {
    (1.0 + spread * rng.normal()).clamp(0.6, 1.6)
}

fn collect(
    now: &Situation<'_>,
    demand: &Demand,
    state: &mut State,
    chance: &mut Chance,
    history: &mut History,
) {
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let rng = &mut chance.demand[c];
        state.drift[c] = 0.9 * state.drift[c] + 0.007 * rng.normal();
        let expected = demand.rate(collector, now.mid) * now.scale * now.seconds;
        let mut mean = expected * (1.0 + state.drift[c]);
        if now.cause() == Some(Cause::Surge(c)) {
            // 1.25 to 1.45 times what the narrowest stage can do.
            let wanted = STAGES[2].capacity * now.scale * (1.9 - now.strength());
            mean += (wanted - now.expected(demand)).max(0.0) * now.seconds;
        }
        let produced = rng.poisson(mean);
        let limit = match now.cause() {
            Some(Cause::CollectorDown(down)) if down == c => 0.0,
            Some(Cause::SlowSource(slow)) if slow == c => 0.7 * now.strength() * expected,
            Some(Cause::NetworkLoss(lost)) if lost == c => 0.6 * now.strength() * expected,
            _ => produced + 0.5 * expected,
        };
        let fetched = (produced + state.at_source[c]).min(limit).floor();
        // A source keeps a quarter of what was not fetched in time; the rest expires there.
        let missed = produced - fetched;
        state.at_source[c] = if missed > 0.0 {
            state.at_source[c] + 0.25 * missed
        } else {
            (state.at_source[c] + missed).max(0.0)
        };
        let slower = if now.cause() == Some(Cause::NetworkLoss(c)) {
            1.6
        } else {
            1.0
        };
        let time = collector.service_time * slower * jitter(&mut chance.service, 0.03);
        let rest = fetched / now.seconds * time;
        let mut flow =
            state.collectors[c].step(now.start, now.seconds, fetched, f64::INFINITY, rest);
        flow.base_time = time;
        flow.capacity = 4.0 * collector.rate * now.scale * now.seconds;
        history.produced[c].push(produced);
        history.collectors[c].push(flow);
    }
}

fn process(
    now: &Situation<'_>,
    demand: &Demand,
    state: &mut State,
    chance: &mut Chance,
    history: &mut History,
) {
    let expected = now.expected(demand) * now.seconds;
    let mut write_limit = [0.0; 3];
    let mut room = f64::INFINITY;
    for (b, backend) in BACKENDS.iter().enumerate() {
        let mut capacity = backend.capacity * now.scale * now.seconds;
        match now.cause() {
            Some(
                Cause::WriteStall(at)
                | Cause::RateLimit(at)
                | Cause::DiskNearlyFull(at)
                | Cause::PoolExhausted(at),
            ) if at == b => {
                let needed = expected * backend.share / backend.batch;
                capacity = capacity.min(now.strength() * needed);
            }
            _ => {}
        }
        if now.vacuum && backend.name == "postgres" {
            capacity *= 0.7;
        }
        write_limit[b] = capacity;
        let accepts = capacity + (backend.buffer * now.scale - state.backends[b].number()).max(0.0);
        room = f64::min(room, accepts * backend.batch / backend.share);
    }

    let mut own = [0.0; 3];
    let mut limit = [0.0; 3];
    for (s, stage) in STAGES.iter().enumerate().rev() {
        let mut capacity = stage.capacity * now.scale * now.seconds;
        match now.cause() {
            Some(Cause::CpuSaturated(at) | Cause::GcPressure(at) | Cause::PartitionSkew(at))
                if at == s =>
            {
                capacity = capacity.min(now.strength() * expected);
            }
            _ => {}
        }
        if now.restarting {
            capacity *= 0.2;
        }
        own[s] = capacity;
        limit[s] = capacity.min(room);
        room = limit[s] + (stage.buffer * now.scale - state.stages[s].number()).max(0.0);
    }

    // The topics share the room of the first stage by what they have.
    let incoming: [Flow; 3] =
        std::array::from_fn(|c| history.collectors[c].last().copied().unwrap_or_default());
    let rest: [f64; 3] = std::array::from_fn(|c| {
        incoming[c].completions / now.seconds * FETCH_TIME * jitter(&mut chance.service, 0.05)
    });
    let available: [f64; 3] = std::array::from_fn(|c| {
        (state.topics[c].number() + incoming[c].completions - rest[c]).max(0.0)
    });
    let total: f64 = available.iter().sum();
    let share = if total > room { room / total } else { 1.0 };
    let mut arrivals = 0.0;
    for c in 0..COLLECTORS.len() {
        let mut flow = state.topics[c].step(
            now.start,
            now.seconds,
            incoming[c].completions,
            available[c] * share,
            rest[c],
        );
        flow.base_time = FETCH_TIME;
        flow.blocked = share < 1.0;
        flow.capacity = available[c] * share;
        arrivals += flow.completions;
        history.topics[c].push(flow);
    }

    for (s, stage) in STAGES.iter().enumerate() {
        let slower = stage.capacity * now.scale * now.seconds / own[s];
        let time = base_time(stage.service_time * slower, arrivals / own[s])
            * jitter(&mut chance.service, 0.03);
        let time = time.min(0.5 * stage.buffer / (arrivals / now.seconds).max(1e-9));
        let rest = arrivals / now.seconds * time;
        let mut flow = state.stages[s].step(now.start, now.seconds, arrivals, limit[s], rest);
        flow.base_time = time;
        flow.capacity = own[s];
        flow.blocked = limit[s] < own[s] && flow.completions > 0.999 * limit[s];
        let failures = chance
            .failures
            .poisson(flow.completions * stage.failures)
            .min(flow.completions.floor());
        arrivals = flow.completions - failures;
        history.stages[s].push(flow);
        history.failures[s].push(failures);
    }

    for (b, backend) in BACKENDS.iter().enumerate() {
        let writes = arrivals * backend.share / backend.batch;
        let slower = backend.capacity * now.scale * now.seconds / write_limit[b];
        let time = base_time(
            backend.service_time * slower.min(8.0),
            writes / write_limit[b],
        ) * jitter(&mut chance.service, 0.04);
        let rest = writes / now.seconds * time;
        let mut flow = state.backends[b].step(now.start, now.seconds, writes, write_limit[b], rest);
        flow.base_time = time;
        flow.capacity = write_limit[b];
        history.backends[b].push(flow);
    }
}

fn answer(
    now: &Situation<'_>,
    demand: &Demand,
    state: &mut State,
    chance: &mut Chance,
    history: &mut History,
) {
    for (e, endpoint) in ENDPOINTS.iter().enumerate() {
        let mean = endpoint.rate * now.scale * now.seconds * demand.at(now.mid, 0.1);
        let arrivals = chance.queries.poisson(mean);
        let slower = match now.cause() {
            Some(Cause::SlowRelease) => 9.0,
            Some(Cause::WriteStall(b) | Cause::DiskNearlyFull(b) | Cause::PoolExhausted(b))
                if b == endpoint.backend =>
            {
                12.0
            }
            _ => 1.0,
        };
        let capacity = endpoint.capacity * now.scale * now.seconds;
        let time = base_time(endpoint.service_time * slower, arrivals / capacity)
            * jitter(&mut chance.service, 0.04);
        let rest = arrivals / now.seconds * time;
        let mut flow =
            state.endpoints[e].step(now.start, now.seconds, arrivals, f64::INFINITY, rest);
        flow.base_time = time;
        flow.capacity = capacity;
        history.endpoints[e].push(flow);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{incidents, plan};
    use super::*;

    struct Ran {
        clock: StepClock,
        incidents: Vec<Incident>,
        history: History,
    }

    fn ran(seed: u64) -> Ran {
        let options = SimulationOptions {
            seed,
            ..SimulationOptions::default()
        };
        let clock = StepClock {
            start: options.start,
            step: options.step,
            steps: 21 * 1440,
        };
        let incidents = incidents::plan(&options);
        let deploys = plan::deploys(&options, &incidents);
        let maintenance = plan::maintenance(&options);
        let demand = Demand::new(options.end(), plan::campaigns(&options));
        let history = run(&options, clock, &demand, &incidents, &deploys, &maintenance);
        Ran {
            clock,
            incidents,
            history,
        }
    }

    fn all_stages(history: &History) -> impl Iterator<Item = &Vec<Flow>> {
        history
            .collectors
            .iter()
            .chain(&history.topics)
            .chain(&history.stages)
            .chain(&history.backends)
            .chain(&history.endpoints)
    }

    #[test]
    fn littles_law_holds_in_every_stage() {
        for flows in all_stages(&ran(1).history) {
            let area: f64 = flows.iter().map(|f| f.area).sum();
            let residence: f64 = flows.iter().map(|f| f.residence).sum();
            assert!((area - residence).abs() < 1e-3 * area, "{area} {residence}");
            assert!(
                flows
                    .iter()
                    .all(|f| f.residence >= 0.0 && f.completions >= 0.0)
            );
        }
    }

    #[test]
    fn work_is_conserved() {
        let Ran { history, .. } = ran(2);
        let total = |flows: &[Flow], of: fn(&Flow) -> f64| flows.iter().map(of).sum::<f64>();
        let collected: f64 = history
            .collectors
            .iter()
            .map(|c| total(c, |f| f.completions))
            .sum();
        let consumed: f64 = history
            .topics
            .iter()
            .map(|t| total(t, |f| f.completions))
            .sum();
        let validated = total(&history.stages[0], |f| f.arrivals);
        assert!((collected - consumed).abs() < 500.0);
        assert!((consumed - validated).abs() < 1e-3);
        // Backends take every message once: shares add up to 1.
        let enriched =
            total(&history.stages[2], |f| f.completions) - history.failures[2].iter().sum::<f64>();
        let written: f64 = BACKENDS
            .iter()
            .zip(&history.backends)
            .map(|(b, flows)| total(flows, |f| f.arrivals) * b.batch)
            .sum();
        assert!((enriched - written).abs() < 1e-3);
    }

    #[test]
    fn every_incident_shows_where_it_starts() {
        for seed in 1..5 {
            let Ran {
                clock,
                incidents,
                history,
            } = ran(seed);
            for incident in &incidents {
                let k = clock.step_of(incident.end) - 2;
                let calm = clock.step_of(incident.start) - 10;
                let lag = |k: usize| history.topics.iter().map(|t| t[k].area).sum::<f64>() / 60.0;
                let used =
                    |s: usize| history.stages[s][k].completions / history.stages[s][k].capacity;
                let received = |c: usize, k: usize| history.collectors[c][k].arrivals;
                let shown = match incident.cause {
                    Cause::SlowSource(c) | Cause::NetworkLoss(c) | Cause::CollectorDown(c) => {
                        received(c, k) < 0.7 * received(c, calm)
                    }
                    Cause::CpuSaturated(s) | Cause::GcPressure(s) | Cause::PartitionSkew(s) => {
                        used(s) > 0.99 && lag(k) > 20.0 * lag(calm)
                    }
                    Cause::Surge(_) => used(2) > 0.99 && lag(k) > 100.0 * lag(calm),
                    Cause::SlowRelease => {
                        let time = |k: usize| history.endpoints[0][k].base_time;
                        time(k) > 4.0 * time(calm)
                    }
                    Cause::WriteStall(b)
                    | Cause::RateLimit(b)
                    | Cause::DiskNearlyFull(b)
                    | Cause::PoolExhausted(b) => {
                        let flow = &history.backends[b][k];
                        history.stages[2][k].blocked
                            && flow.mean_time() > 20.0 * history.backends[b][calm].mean_time()
                    }
                };
                assert!(shown, "seed {seed}: {incident:?}");
            }
        }
    }

    #[test]
    fn nothing_is_backlogged_where_nothing_is_wrong() {
        let Ran {
            clock,
            incidents,
            history,
        } = ran(1);
        // Campaigns and vacuums are on in these steps too.
        let settled = |k: usize| {
            incidents.iter().all(|i| {
                let from = clock.step_of(i.start);
                k < from || k > clock.step_of(i.end) + 300
            })
        };
        let lagging = (0..clock.steps)
            .filter(|&k| settled(k) && history.topics[0][k].area / 60.0 > 200.0)
            .count();
        // Restarts of the Flink job.
        assert!(lagging < 60, "{lagging}");
    }
}
