-- title: Gaps in scraped series
-- description: Stretches without samples, longer than some usual intervals of the series, with how many series of
-- description: the source went silent together. Longest first.
-- param: source = .* regex "which jobs and services"
-- param: metric = .* regex "which metrics"
-- param: intervals = 4 number "how many usual intervals are a gap"
-- param: top = 100 integer "how many rows"
-- needs: samples, series
-- column: duration unit=s
-- column: usual_interval unit=s
-- column: share_of_series unit=ratio

WITH
picked AS (
  SELECT series_id, metric, coalesce(labels['job'], labels['service'], labels['service_name'], labels['app'], '-') AS source
  FROM series WHERE metric ~ $metric
),
-- Times in µs: numbers are quicker than intervals.
steps AS (
  SELECT s.series_id, CAST(s.ts AS bigint) AS ts,
    CAST(s.ts AS bigint) - lag(CAST(s.ts AS bigint)) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS step
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
-- Steps of one length are counted: quicker than sorting all for their median.
lengths AS (SELECT series_id, step, count(*) AS n FROM steps GROUP BY series_id, step),
ranked AS (
  SELECT *, sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id ORDER BY step) AS up_to,
    sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id) AS steps
  FROM lengths
),
by_series AS (
  -- The median, which gaps do not move.
  SELECT series_id, min(step) FILTER (WHERE 2 * up_to >= steps) AS usual_step
  FROM ranked GROUP BY series_id
),
gaps AS (
  SELECT u.series_id, s.ts, s.step, u.usual_step
  FROM by_series AS u JOIN steps AS s ON s.series_id = u.series_id AND s.step > $intervals * u.usual_step
),
totals AS (SELECT source, count(*) AS series FROM picked GROUP BY source)
SELECT p.source, to_timestamp_micros(g.ts - g.step) AS last_before, to_timestamp_micros(g.ts) AS first_after,
  max(g.step) / 1e6 AS duration, max(g.usual_step) / 1e6 AS usual_interval,
  CAST(sum(round(CAST(g.step AS double) / g.usual_step) - 1) AS bigint) AS missing_samples,
  count(*) AS series, CAST(count(*) AS double) / max(t.series) AS share_of_series, min(p.metric) AS for_example
FROM gaps AS g JOIN picked AS p ON p.series_id = g.series_id JOIN totals AS t ON t.source = p.source
GROUP BY p.source, g.ts, g.step
ORDER BY duration DESC, p.source, last_before
LIMIT $top
