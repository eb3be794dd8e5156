-- title: RED by service
-- description: Rate, errors and duration of each service in each bucket.
-- param: service = .* regex "which services"
-- param: split = stage,backend text "labels (two at most) that split a service into parts"
-- param: bucket = 1d duration "width of a row; several scrape intervals"
-- param: latency = .*_(seconds|milliseconds|ms) regex "histograms of latency, without _bucket"
-- param: traffic = .*(_|^)(requests|messages|queries|operations|calls|events|records|rpcs)(_in|_received|_processed|_consumed|_handled|_served)?_total regex "counters of requests"
-- param: errors = .*_(errors|failures|exceptions|failed)_total regex "counters of failures, for services whose requests carry no status"
-- param: failed = (?i)5..|.*(err|fail|timeout|exception).* regex "values of status, code, result, outcome that mean failure"
-- needs: samples, series
-- chart: line x=ts y=rate series=service unit=1/s
-- column: rate unit=1/s
-- column: errors unit=1/s
-- column: error_rate unit=ratio
-- column: p50 unit=s
-- column: p95 unit=s
-- column: p99 unit=s

WITH
named AS (
  SELECT series_id, metric, labels,
    regexp_replace(metric, '_bucket$', '') AS stem,
    concat_ws('/',
      coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-'),
      labels[split_part($split, ',', 1)], labels[split_part($split, ',', 2)]) AS service,
    coalesce(labels['status'], labels['code'], labels['status_code'], labels['http_status_code'],
      labels['http_response_status_code'], labels['result'], labels['outcome']) AS outcome,
    -- A service's own requests rather than its calls to others.
    metric ~ '(request|processing|handl|serv|write|rpc)' AS is_own
  FROM series
),
candidates AS (
  SELECT *, 'latency' AS role, CASE WHEN is_own THEN 1 ELSE 2 END AS preference
  FROM named WHERE metric LIKE '%\_bucket' AND stem ~ $latency
  UNION ALL
  -- Requests with a status tell errors too; a histogram's count is next best.
  SELECT *, 'traffic', CASE WHEN outcome IS NOT NULL THEN 1 WHEN metric LIKE '%\_count' THEN 2 ELSE 4 END
    + CASE WHEN metric LIKE '%\_count' AND NOT is_own THEN 1 ELSE 0 END
  FROM named
  WHERE metric ~ $traffic OR (metric LIKE '%\_count' AND regexp_replace(metric, '_count$', '') ~ $latency)
  UNION ALL
  SELECT *, 'error', 1 FROM named WHERE metric ~ $errors
),
-- One latency and one traffic metric a service: mixing two would mean nothing.
chosen AS (
  SELECT *, first_value(metric) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best,
    first_value(preference) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best_preference
  FROM candidates WHERE service ~ $service
),
picked AS (
  SELECT series_id, role, service, labels['le'] AS le, outcome ~ $failed AS has_failed, best_preference,
    CASE WHEN stem ~ '_(milliseconds|ms)$' THEN 1000.0 ELSE 1.0 END AS per_second
  FROM chosen WHERE metric = best OR role = 'error'
),
-- By series first, labels after: much quicker than grouping by labels.
by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, increase(s.ts, s.value) AS increase, rate(s.ts, s.value) AS rate
  FROM (SELECT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
red AS (
  SELECT b.ts, p.service,
    sum(b.rate) FILTER (WHERE p.role = 'traffic') AS rate,
    -- Counters of failures serve only where the requests carry no status.
    CASE WHEN min(p.best_preference) FILTER (WHERE p.role = 'traffic') = 1
      THEN coalesce(sum(b.rate) FILTER (WHERE p.role = 'traffic' AND p.has_failed), 0)
      ELSE sum(b.rate) FILTER (WHERE p.role = 'error')
    END AS errors,
    histogram_quantile(0.5, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p50,
    histogram_quantile(0.95, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p95,
    histogram_quantile(0.99, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p99
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY b.ts, p.service
)
-- Rounded, since floats are not summed in the same order each time.
SELECT ts, service, round(rate, 9) AS rate, round(errors, 9) AS errors,
  round(errors / nullif(rate, 0), 9) AS error_rate, p50, p95, p99
FROM red WHERE rate IS NOT NULL OR p50 IS NOT NULL
ORDER BY ts, service
