-- title: Cost per success
-- description: What each successful outcome cost: of batch jobs by run, of services by request or message. Retries,
-- description: failed runs and idle capacity make it rise. In the currency of the data. Where requests have no status,
-- description: nobody knows how many succeeded: their cost is then that of each request.
-- param: bucket = 7d duration "width of a row"
-- param: name = .* regex "which jobs and services"
-- param: success = success|succeeded|ok|completed regex "a run's status that means success"
-- param: cost = .*cost.*per_hour regex "gauges of the spend of an hour"
-- param: traffic = .*(_|^)(requests|messages|queries|operations|calls|events|records|rpcs)(_in|_received|_processed|_consumed|_handled|_served)?_total regex "counters of requests"
-- param: latency = .*_(seconds|milliseconds|ms) regex "histograms whose _count serves where there is no counter of requests"
-- param: failed = (?i)5..|.*(err|fail|timeout|exception).* regex "values of status, code, result, outcome that mean failure"
-- chart: line x=ts y=cost_per_1000 series=name
-- column: success_rate unit=ratio
-- column: wasted_share unit=ratio

WITH
-- A run's cost is in its own row; where it has none, in those of its stages.
runs AS (
  SELECT job, run_id, min(coalesce(scheduled_at, started_at)) AS at,
    coalesce(sum(cost) FILTER (WHERE coalesce(stage, '') = ''), sum(cost)) AS cost,
    coalesce(
      bool_and(status ~ $success) FILTER (WHERE coalesce(stage, '') = ''),
      bool_and(status ~ $success)
    ) AS succeeded
  FROM job_runs WHERE job ~ $name
  GROUP BY job, run_id
),
jobs AS (
  SELECT time_bucket($bucket, at) AS ts, job AS name, 'runs' AS outcomes,
    CAST(count(*) AS double) AS total, CAST(count(*) FILTER (WHERE succeeded) AS double) AS successes, sum(cost) AS cost,
    coalesce(sum(cost) FILTER (WHERE NOT succeeded), 0) AS wasted
  FROM runs WHERE at >= $since AND at < $until
  GROUP BY 1, 2
),
named AS (
  SELECT series_id, metric, coalesce(labels['stage'], '') AS stage,
    coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-') AS service,
    coalesce(labels['status'], labels['code'], labels['status_code'], labels['http_status_code'],
      labels['http_response_status_code'], labels['result'], labels['outcome']) AS outcome,
    metric ~ '(request|processing|handl|serv|write|rpc)' AS is_own
  FROM series
),
candidates AS (
  SELECT *, 'traffic' AS role, CASE WHEN outcome IS NOT NULL THEN 1 WHEN metric LIKE '%\_count' THEN 2 ELSE 4 END
    + CASE WHEN metric LIKE '%\_count' AND NOT is_own THEN 1 ELSE 0 END AS preference
  FROM named
  WHERE metric ~ $traffic OR (metric LIKE '%\_count' AND regexp_replace(metric, '_count$', '') ~ $latency)
  UNION ALL
  SELECT *, 'cost', 1 FROM named WHERE metric ~ $cost
),
-- One metric of traffic a service, lest requests count twice.
picked AS (
  SELECT series_id, role, service, stage, outcome ~ $failed AS has_failed
  FROM (
    SELECT *, first_value(metric) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best
    FROM candidates WHERE service ~ $name AND service IN (SELECT service FROM named WHERE metric ~ $cost)
  )
  WHERE role = 'cost' OR metric = best
),
-- Deltas rather than increases: every request is to count once, also between two days.
deltas AS (
  SELECT s.series_id, s.ts, s.value, counter_delta(s.value) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS delta
  FROM (SELECT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
by_series AS (
  SELECT series_id, time_bucket($bucket, ts) AS ts, sum(delta) AS increase, sum(value) AS total,
    count(*) AS n, extract(epoch FROM max(ts) - min(ts)) / 3600 / nullif(count(*) - 1, 0) AS hours_each
  FROM deltas GROUP BY 1, 2
),
stages AS (
  SELECT b.ts, p.service, p.stage,
    sum(b.increase) FILTER (WHERE p.role = 'traffic') AS total,
    sum(b.increase) FILTER (WHERE p.role = 'traffic' AND NOT coalesce(p.has_failed, false)) AS successes,
    count(*) FILTER (WHERE p.has_failed IS NOT NULL) > 0 AS has_status,
    -- An hourly rate of spend, sampled every so many hours.
    sum(b.total * coalesce(b.hours_each, 1)) FILTER (WHERE p.role = 'cost') AS cost
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY b.ts, p.service, p.stage
),
-- What passes several stages is one outcome: that of the stage where least comes out.
services AS (
  SELECT ts, service AS name, 'requests' AS outcomes, max(total) AS total, min(successes) AS successes,
    bool_or(has_status) AS has_status, sum(cost) AS cost
  FROM stages GROUP BY ts, service
)
-- Rounded, since floats are not summed in the same order each time.
SELECT ts, name, outcomes, total, CASE WHEN has_status THEN successes END AS successes,
  CASE WHEN has_status THEN successes / nullif(total, 0) END AS success_rate, round(cost, 6) AS cost,
  round(cost / nullif(successes, 0), 12) AS cost_per_success,
  round(1000 * cost / nullif(successes, 0), 9) AS cost_per_1000, round(wasted / nullif(cost, 0), 9) AS wasted_share
FROM (
  SELECT ts, name, outcomes, total, successes, true AS has_status, cost, wasted FROM jobs
  UNION ALL
  SELECT *, CASE WHEN has_status THEN cost * (1 - successes / nullif(total, 0)) END
  FROM services WHERE cost IS NOT NULL AND total IS NOT NULL
)
ORDER BY ts, name, outcomes
