-- title: Error rate by service
-- description: Failed against all requests or messages of each service in each bucket, and failed against all
-- description: runs of each batch job.
-- param: service = .* regex "which services"
-- param: split = stage,backend text "labels (two at most) that split a service into parts"
-- param: bucket = 1h duration "width of a row; several scrape intervals"
-- param: traffic = .*(_|^)(requests|messages|queries|operations|calls|events|records|rpcs)(_in|_received|_processed|_consumed|_handled|_served)?_total regex "counters of requests"
-- param: latency = .*_(seconds|milliseconds|ms) regex "histograms whose _count serves where there is no counter of requests"
-- param: errors = .*_(errors|failures|exceptions|failed)_total regex "counters of failures, for services whose requests carry no status"
-- param: failed = (?i)5..|.*(err|fail|timeout|exception).* regex "values of status, code, result, outcome, and of a run's status, that mean failure"
-- needs: samples, series
-- chart: line x=ts y=error_rate series=service unit=ratio
-- column: error_rate unit=ratio
-- column: error_rate_mean unit=ratio

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
  -- Requests with a status tell errors too; a histogram's count is next best.
  SELECT *, 'traffic' AS role, CASE WHEN outcome IS NOT NULL THEN 1 WHEN metric LIKE '%\_count' THEN 2 ELSE 4 END
    + CASE WHEN metric LIKE '%\_count' AND NOT is_own THEN 1 ELSE 0 END AS preference
  FROM named
  WHERE metric ~ $traffic OR (metric LIKE '%\_count' AND regexp_replace(metric, '_count$', '') ~ $latency)
  UNION ALL
  SELECT *, 'error', 1 FROM named WHERE metric ~ $errors
),
-- One metric of traffic a service, lest requests count twice.
chosen AS (
  SELECT *, first_value(metric) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best,
    first_value(preference) OVER (PARTITION BY service, role ORDER BY preference, metric) AS best_preference
  FROM candidates WHERE service ~ $service
),
picked AS (
  SELECT series_id, role, service, outcome ~ $failed AS has_failed, best_preference
  FROM chosen WHERE metric = best OR role = 'error'
),
-- By series first, since the increase of a sum is wrong once one of its series resets.
by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, increase(s.ts, s.value) AS increase
  FROM (SELECT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
counted AS (
  SELECT b.ts, p.service, 'requests' AS counts,
    sum(b.increase) FILTER (WHERE p.role = 'traffic') AS total,
    -- Counters of failures serve only where the requests carry no status.
    CASE WHEN min(p.best_preference) FILTER (WHERE p.role = 'traffic') = 1
      THEN coalesce(sum(b.increase) FILTER (WHERE p.role = 'traffic' AND p.has_failed), 0)
      ELSE sum(b.increase) FILTER (WHERE p.role = 'error')
    END AS failures
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY b.ts, p.service
  UNION ALL
  -- Runs count in the bucket in which they ended; rows of stages belong to their run.
  SELECT time_bucket($bucket, ended_at), job, 'runs', count(*), count(*) FILTER (WHERE status ~ $failed)
  FROM (
    SELECT job, run_id, max(ended_at) AS ended_at,
      coalesce(max(status) FILTER (WHERE coalesce(stage, '') = ''), max(status) FILTER (WHERE status ~ $failed)) AS status
    FROM job_runs WHERE job ~ $service
    GROUP BY job, run_id
  )
  WHERE ended_at >= $since AND ended_at < $until
  GROUP BY 1, 2
)
SELECT ts, service, counts, total, failures, failures / nullif(total, 0) AS error_rate,
  -- What the service's bucket is to be compared with.
  sum(failures) OVER w / nullif(sum(total) OVER w, 0) AS error_rate_mean
FROM counted WHERE total > 0 AND failures IS NOT NULL
WINDOW w AS (PARTITION BY service, counts)
ORDER BY ts, service, counts
