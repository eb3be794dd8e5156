-- title: Freshness by source
-- description: How old the newest event of each source is at the end of the range, by the event's own time and not
-- description: by the time of its ingestion: samples by what they were scraped from, log records by service, batch
-- description: jobs by the time for which their last successful run was scheduled. Stalest first.
-- param: source = .* regex "which jobs and services"
-- param: grace = 10m duration "how much later than usual a source may be before it is late"
-- param: success = success|succeeded|ok|completed regex "a run's status that means success"
-- chart: bar x=name y=age unit=s
-- column: age unit=s
-- column: usual_interval unit=s
-- column: limit unit=s

WITH
targets AS (
  SELECT series_id, metric, coalesce(labels['job'], labels['service'], labels['service_name'], labels['app'], '-') AS source
  FROM series
),
by_series AS (
  SELECT series_id, count(*) AS n, min(ts) AS first_at, max(ts) AS last_at
  FROM samples
  -- A stale marker (NaN) says that a series has ended: it is no event.
  WHERE ts >= $since AND ts < $until AND NOT isnan(value)
  GROUP BY series_id
),
sources AS (
  -- Of a source's series that with the shortest interval tells how often it is heard of.
  SELECT 'samples' AS kind, source, max(last_at) AS last_at, min(usual) AS usual_interval,
    count(*) AS series, count(*) FILTER (WHERE is_late) AS late_series,
    first_value(metric ORDER BY last_at, metric) FILTER (WHERE is_late) AS stalest_metric
  FROM (
    SELECT *, extract(epoch FROM $until - last_at) > extract(epoch FROM $grace) + 1.25 * coalesce(usual, 0) AS is_late
    FROM (
      SELECT t.source, t.metric, b.last_at, extract(epoch FROM b.last_at - b.first_at) / nullif(b.n - 1, 0) AS usual
      FROM by_series AS b JOIN targets AS t ON t.series_id = b.series_id
      WHERE t.source ~ $source
    )
  )
  GROUP BY source
  UNION ALL
  SELECT 'logs', coalesce(service, '-'), max(ts), extract(epoch FROM max(ts) - min(ts)) / nullif(count(*) - 1, 0),
    NULL, NULL, NULL
  FROM logs WHERE ts >= $since AND ts < $until AND coalesce(service, '-') ~ $source
  GROUP BY coalesce(service, '-')
  UNION ALL
  SELECT 'job', job, max(at), extract(epoch FROM max(at) - min(at)) / nullif(count(*) - 1, 0), NULL, NULL, NULL
  FROM (
    -- A run is good if none of its rows, its own or those of its stages, says otherwise.
    SELECT job, run_id, coalesce(min(scheduled_at), min(started_at)) AS at, max(ended_at) AS ended_at
    FROM job_runs WHERE job ~ $source
    GROUP BY job, run_id HAVING bool_and(status ~ $success)
  )
  WHERE at >= $since AND ended_at < $until
  GROUP BY job
),
aged AS (
  SELECT *, extract(epoch FROM $until - last_at) AS age,
    -- A quarter more than usual is still on time; log records come when they come,
    -- so several mean intervals without one are nothing unusual.
    extract(epoch FROM $grace) + CASE kind WHEN 'logs' THEN 8 ELSE 1.25 END * coalesce(usual_interval, 0) AS "limit"
  FROM sources
),
judged AS (
  SELECT *, CASE WHEN age > "limit" THEN 1 WHEN late_series > 0 THEN 2 ELSE 3 END AS rank FROM aged
)
SELECT concat(kind, ' ', source) AS name, kind, source, last_at, age, usual_interval, "limit",
  CASE rank WHEN 1 THEN 'late' WHEN 2 THEN 'partly late' ELSE 'fresh' END AS verdict,
  series, late_series, stalest_metric
FROM judged
ORDER BY rank, age DESC, name
