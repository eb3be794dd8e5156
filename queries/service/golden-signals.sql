-- title: Golden signals by service
-- description: Latency (p50, p95, p99 side by side), traffic, errors and saturation of each service over the
-- description: whole range, with their course in steps of the bucket. Saturation is the fullest resource of the
-- description: service in its fullest bucket.
-- param: service = .* regex "which services"
-- param: split = stage,backend text "labels (two at most) that split a service into parts"
-- param: bucket = 1h duration "step of the courses; several scrape intervals"
-- param: latency = .*_(seconds|milliseconds|ms) regex "histograms of latency, without _bucket"
-- param: traffic = .*(_|^)(requests|messages|queries|operations|calls|events|records|rpcs)(_in|_received|_processed|_consumed|_handled|_served)?_total regex "counters of requests"
-- param: errors = .*_(errors|failures|exceptions|failed)_total regex "counters of failures, for services whose requests carry no status"
-- param: failed = (?i)5..|.*(err|fail|timeout|exception).* regex "values of status, code, result, outcome that mean failure"
-- param: saturation = .*(utili[sz]ation|usage_ratio|saturation|PoolUsage|busyTimeMsPerSecond) regex "gauges of 0 to 1 (MsPerSecond: to 1000) that tell how full something is"
-- needs: samples, series
-- chart: bar x=service y=p50,p95,p99 unit=s
-- column: p50 unit=s
-- column: p95 unit=s
-- column: p99 unit=s
-- column: p99_course sparkline
-- column: traffic unit=1/s
-- column: traffic_course sparkline
-- column: error_rate unit=ratio
-- column: error_course sparkline
-- column: saturation unit=ratio

WITH
-- What is read is chosen in `series`, which is small.
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
  UNION ALL
  SELECT *, 'ratio', 1 FROM named WHERE metric ~ $saturation
  UNION ALL
  -- Pools that tell what is in use and how much there is.
  SELECT *, 'used', 1 FROM named
  WHERE regexp_replace(metric, '_(active|in_use|used)$', '_max') IN (SELECT metric FROM series)
    AND metric ~ '_(active|in_use|used)$'
  UNION ALL
  SELECT *, 'limit', 1 FROM named WHERE metric LIKE '%\_max'
    AND regexp_replace(metric, '_max$', '_active') IN (SELECT metric FROM series)
),
-- One latency and one traffic metric a service: mixing two would mean nothing.
chosen AS (
  SELECT *, first_value(metric) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best,
    first_value(preference) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best_preference
  FROM candidates WHERE service ~ $service
),
picked AS (
  SELECT series_id, role, service, labels['le'] AS le, outcome ~ $failed AS has_failed, best_preference,
    CASE WHEN role IN ('used', 'limit') THEN regexp_replace(metric, '_(active|in_use|used|max)$', '') ELSE stem END AS stem,
    CASE WHEN stem ~ '_(milliseconds|ms)$' THEN 1000.0 ELSE 1.0 END AS per_second,
    CASE WHEN metric LIKE '%MsPerSecond' THEN 0.001 ELSE 1.0 END AS scale
  FROM chosen WHERE metric = best OR role NOT IN ('latency', 'traffic')
),
-- By series first, labels after: much quicker than grouping by labels.
flow_by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, increase(s.ts, s.value) AS increase, rate(s.ts, s.value) AS rate
  FROM (SELECT series_id FROM picked WHERE role IN ('latency', 'traffic', 'error')) AS p
  JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
-- Each bucket, and (with ts NULL) the whole range, in one pass over the samples.
flow AS (
  SELECT p.service, b.ts, max(p.stem) FILTER (WHERE p.role = 'latency') AS latency_of,
    histogram_quantile(0.5, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p50,
    histogram_quantile(0.95, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p95,
    histogram_quantile(0.99, p.le, b.increase) FILTER (WHERE p.role = 'latency') / max(p.per_second) AS p99,
    -- Rounded, since floats are not summed in the same order each time.
    round(sum(b.rate) FILTER (WHERE p.role = 'traffic'), 12) AS traffic,
    sum(b.increase) FILTER (WHERE p.role = 'traffic') AS requests,
    -- Counters of failures serve only where the requests carry no status.
    CASE WHEN min(p.best_preference) FILTER (WHERE p.role = 'traffic') = 1
      THEN coalesce(sum(b.increase) FILTER (WHERE p.role = 'traffic' AND p.has_failed), 0)
      ELSE sum(b.increase) FILTER (WHERE p.role = 'error')
    END AS failures
  FROM picked AS p JOIN flow_by_series AS b ON b.series_id = p.series_id
  WHERE p.role IN ('latency', 'traffic', 'error')
  GROUP BY GROUPING SETS ((p.service, b.ts), (p.service))
),
signals AS (
  SELECT service,
    max(p50) FILTER (WHERE ts IS NULL) AS p50,
    max(p95) FILTER (WHERE ts IS NULL) AS p95,
    max(p99) FILTER (WHERE ts IS NULL) AS p99,
    array_agg(p99 ORDER BY ts) FILTER (WHERE ts IS NOT NULL) AS p99_course,
    round(avg(traffic) FILTER (WHERE ts IS NOT NULL), 9) AS traffic,
    array_agg(traffic ORDER BY ts) FILTER (WHERE ts IS NOT NULL) AS traffic_course,
    max(failures / nullif(requests, 0)) FILTER (WHERE ts IS NULL) AS error_rate,
    array_agg(failures / nullif(requests, 0) ORDER BY ts) FILTER (WHERE ts IS NOT NULL) AS error_course,
    max(latency_of) AS latency_of
  FROM flow GROUP BY service
),
level_by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, avg(s.value) AS level
  FROM (SELECT series_id FROM picked WHERE role IN ('ratio', 'used', 'limit')) AS p
  JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
  GROUP BY 1, 2
),
resource AS (
  SELECT p.service, p.stem, b.ts,
    round(coalesce(
      max(b.level * p.scale) FILTER (WHERE p.role = 'ratio'),
      sum(b.level) FILTER (WHERE p.role = 'used') / nullif(sum(b.level) FILTER (WHERE p.role = 'limit'), 0)
    ), 9) AS fullness
  FROM picked AS p JOIN level_by_series AS b ON b.series_id = p.series_id
  WHERE p.role IN ('ratio', 'used', 'limit')
  GROUP BY p.service, p.stem, b.ts
),
fullest AS (
  SELECT service, first_value(fullness ORDER BY fullness DESC, stem) AS saturation,
    first_value(stem ORDER BY fullness DESC, stem) AS saturated
  FROM resource WHERE fullness IS NOT NULL GROUP BY service
)
-- What has resources only (a host, say) is the report `use`'s.
SELECT g.service, p50, p95, p99, p99_course, traffic, traffic_course, error_rate, error_course,
  saturation, saturated, latency_of
FROM signals AS g LEFT JOIN fullest AS f ON f.service = g.service
WHERE p50 IS NOT NULL OR traffic IS NOT NULL
ORDER BY g.service
