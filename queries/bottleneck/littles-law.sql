-- title: Little's law by stage
-- description: Arrivals λ and time in stage W from counters, items in the stage as measured (L) and as λ·W makes them,
-- description: and the residual between the two: far above zero, work waits outside of the timer; far below, the gauge
-- description: is sampled when idle, or time is counted twice.
-- param: stage = .* regex "which stages"
-- param: split = stage,backend,topic text "labels (three at most) that tell stages of a service apart"
-- param: bucket = 1h duration "step of the courses, much longer than a stage takes"
-- param: timer = .*(duration|latency|wait|time)_(seconds|milliseconds|ms)(_sum|_total) regex "counters of time in the stage"
-- param: gauge = .*(in_?flight|in_progress|queue_(depth|length|size)|active_requests|lag) regex "gauges of items in the stage"
-- param: tolerance = 0.05 number "residual up to which the law holds"
-- needs: samples, series
-- chart: bar x=stage y=measured,computed
-- column: arrivals unit=1/s
-- column: time_in_stage unit=s
-- column: measured unit=items
-- column: computed unit=items
-- column: residual unit=ratio
-- column: worst_residual unit=ratio
-- column: measured_course sparkline

WITH
named AS (
  SELECT series_id, metric,
    concat_ws('/', coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-'),
      labels[split_part($split, ',', 1)], labels[split_part($split, ',', 2)], labels[split_part($split, ',', 3)]) AS stage,
    -- `pipeline_in_flight` belongs to `pipeline_processing_duration_seconds`.
    split_part(metric, '_', 1) AS family
  FROM series
),
roles AS (
  SELECT *, CASE
      WHEN metric ~ $gauge THEN 'items'
      WHEN metric ~ $timer THEN 'time'
      WHEN metric LIKE '%\_count' AND regexp_replace(metric, '_count$', '_sum') ~ $timer THEN 'count'
      -- A timer that is a plain counter has its count in another counter of the family.
      WHEN metric ~ '_(messages|requests|records|jobs|events)_(consumed|handled|processed|served|completed)_total$' THEN 'other count'
    END AS role
  FROM named
),
-- One metric a role; `other count` only for timers that are no histogram's.
chosen AS (
  SELECT *, min(metric) OVER (PARTITION BY family, stage, role) AS best,
    count(*) FILTER (WHERE role = 'items') OVER f AS gauges,
    count(*) FILTER (WHERE role = 'time') OVER f AS timers,
    count(*) FILTER (WHERE role = 'count') OVER f AS counts
  FROM roles WHERE role IS NOT NULL AND stage ~ $stage
  WINDOW f AS (PARTITION BY family, stage)
),
picked AS (
  SELECT series_id, stage, family, metric, CASE role WHEN 'other count' THEN 'count' ELSE role END AS role,
    CASE WHEN metric ~ '_(milliseconds|ms)_(sum|total)$' THEN 0.001 ELSE 1.0 END AS seconds
  FROM chosen
  WHERE metric = best AND gauges > 0 AND timers > 0 AND (role <> 'other count' OR counts = 0)
),
by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, rate(s.ts, s.value) AS rate,
    avg(s.value) FILTER (WHERE NOT isnan(s.value)) AS level
  FROM (SELECT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
-- Seconds of work gained a second are items at work: λ·W without a division.
steps AS (
  SELECT p.stage, p.family, b.ts,
    -- Rounded, since floats are not summed in the same order each time.
    round(sum(b.rate) FILTER (WHERE p.role = 'count'), 12) AS arrivals,
    round(sum(b.rate * p.seconds) FILTER (WHERE p.role = 'time'), 12) AS computed,
    round(sum(b.level) FILTER (WHERE p.role = 'items'), 12) AS measured,
    max(p.metric) FILTER (WHERE p.role = 'time') AS timer,
    max(p.metric) FILTER (WHERE p.role = 'items') AS gauge
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY p.stage, p.family, b.ts
),
stages AS (
  SELECT stage, round(avg(arrivals), 9) AS arrivals, round(avg(computed), 9) AS computed,
    round(avg(measured), 9) AS measured,
    first_value((measured - computed) / measured ORDER BY abs((measured - computed) / measured) DESC, ts)
      FILTER (WHERE measured > 0) AS worst_residual,
    first_value(ts ORDER BY abs((measured - computed) / measured) DESC, ts) FILTER (WHERE measured > 0) AS worst_at,
    array_agg(measured ORDER BY ts) AS measured_course,
    max(timer) AS timer, max(gauge) AS gauge
  FROM steps WHERE measured IS NOT NULL AND computed IS NOT NULL
  GROUP BY stage, family
)
SELECT stage, arrivals, computed / nullif(arrivals, 0) AS time_in_stage, measured, computed,
  (measured - computed) / nullif(measured, 0) AS residual,
  CASE
    WHEN measured IS NULL OR measured = 0 THEN NULL
    WHEN (measured - computed) / measured > $tolerance THEN 'waits outside of the timer'
    WHEN (measured - computed) / measured < -$tolerance THEN 'gauge misses work'
    ELSE 'holds' END AS reading,
  worst_residual, worst_at, measured_course, timer, gauge
FROM stages
ORDER BY stage, timer
