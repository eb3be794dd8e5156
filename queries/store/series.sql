-- title: Series
-- description: Each series with its labels, samples and range, its usual interval (the median), and its gaps: steps
-- description: of more than four usual intervals.
-- param: metric = .* regex "which metrics"
-- needs: series
-- column: usual_interval unit=s
-- column: longest_gap unit=s

WITH
steps AS (
  SELECT s.series_id, CAST(s.ts AS bigint) AS ts,
    CAST(s.ts AS bigint) - lag(CAST(s.ts AS bigint)) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS step
  FROM (SELECT series_id FROM series WHERE metric ~ $metric) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
-- Steps of one length are counted, so that the samples need to be read only once.
lengths AS (
  SELECT series_id, step, count(*) AS n, min(ts) AS first_at, max(ts) AS last_at FROM steps GROUP BY series_id, step
),
ranked AS (
  SELECT *, sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id ORDER BY step) AS up_to,
    sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id) AS steps
  FROM lengths
),
usual AS (
  SELECT *, min(step) FILTER (WHERE 2 * up_to >= steps) OVER (PARTITION BY series_id) AS usual_step FROM ranked
),
counted AS (
  SELECT series_id, sum(n) AS samples, min(first_at) AS first_at, max(last_at) AS last_at,
    max(usual_step) / 1e6 AS usual_interval,
    coalesce(sum(n) FILTER (WHERE step > 4 * usual_step), 0) AS gaps,
    max(step) FILTER (WHERE step > 4 * usual_step) / 1e6 AS longest_gap
  FROM usual GROUP BY series_id
)
SELECT s.metric, s.labels, coalesce(c.samples, 0) AS samples, to_timestamp_micros(c.first_at) AS first_at,
  to_timestamp_micros(c.last_at) AS last_at, c.usual_interval, coalesce(c.gaps, 0) AS gaps, c.longest_gap
FROM (
  -- Maps have no order; their values have.
  SELECT *, array_to_string(map_values(labels), ' ', '') AS label_values FROM series WHERE metric ~ $metric
) AS s LEFT JOIN counted AS c ON c.series_id = s.series_id
ORDER BY s.metric, s.label_values, s.series_id
