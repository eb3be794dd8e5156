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
by_hour AS (
  SELECT s.series_id, time_bucket('1h', s.ts) AS hour, count(*) AS n,
    CAST(min(s.ts) AS bigint) AS first_at, CAST(max(s.ts) AS bigint) AS last_at
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
  GROUP BY 1, 2
),
by_series AS (
  -- The median of the hours' mean intervals, which gaps do not move and which
  -- needs no sort; series slower than three samples an hour have one mean.
  SELECT series_id, sum(n) AS received, max(last_at) - min(first_at) AS length,
    coalesce(
      percentile(CAST(last_at - first_at AS double) / (n - 1), 0.5) FILTER (WHERE n >= 3),
      CAST(max(last_at) - min(first_at) AS double) / (sum(n) - 1)
    ) AS usual_step
  FROM by_hour GROUP BY series_id HAVING sum(n) > 1
),
steps AS (
  SELECT s.series_id, CAST(s.ts AS bigint) AS ts,
    CAST(s.ts AS bigint) - lag(CAST(s.ts AS bigint)) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS step
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
gaps AS (
  SELECT u.series_id, s.ts, s.step, u.usual_step
  FROM by_series AS u JOIN steps AS s ON s.series_id = u.series_id AND s.step > $intervals * u.usual_step
),
totals AS (
  SELECT p.source, count(*) AS series FROM by_series AS u JOIN picked AS p ON p.series_id = u.series_id GROUP BY p.source
)
SELECT p.source, to_timestamp_micros(g.ts - g.step) AS last_before, to_timestamp_micros(g.ts) AS first_after,
  max(g.step) / 1e6 AS duration, max(g.usual_step) / 1e6 AS usual_interval,
  CAST(sum(round(g.step / g.usual_step) - 1) AS bigint) AS missing_samples,
  count(*) AS series, CAST(count(*) AS double) / max(t.series) AS share_of_series, min(p.metric) AS for_example
FROM gaps AS g JOIN picked AS p ON p.series_id = g.series_id JOIN totals AS t ON t.source = p.source
GROUP BY p.source, g.ts, g.step
ORDER BY duration DESC, p.source, last_before
LIMIT $top
