-- title: Completeness of scraped series
-- description: Samples received against what each series' own usual interval makes expected between its first and
-- description: its last sample, by what was scraped. Least complete first.
-- param: source = .* regex "which jobs and services"
-- param: metric = .* regex "which metrics"
-- needs: samples, series
-- chart: bar x=source y=completeness unit=ratio
-- column: completeness unit=ratio
-- column: least_complete unit=ratio
-- column: usual_interval unit=s
-- column: longest_gap unit=s

WITH
picked AS (
  SELECT series_id, metric, coalesce(labels['job'], labels['service'], labels['service_name'], labels['app'], '-') AS source
  FROM series WHERE metric ~ $metric
),
-- Times in µs: numbers are quicker than intervals.
steps AS (
  SELECT s.series_id,
    CAST(s.ts AS bigint) - lag(CAST(s.ts AS bigint)) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS step
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
by_series AS (
  -- The median, which gaps do not move.
  SELECT series_id, count(*) AS received, sum(step) / 1e6 AS seconds, max(step) / 1e6 AS longest_gap,
    percentile(step, 0.5) / 1e6 AS usual_interval
  FROM steps GROUP BY series_id
),
expectations AS (
  SELECT p.source, p.metric, b.*, round(b.seconds / nullif(b.usual_interval, 0)) + 1 AS expected
  FROM by_series AS b JOIN picked AS p ON p.series_id = b.series_id
  WHERE b.received > 1
)
SELECT source, count(*) AS series, sum(expected) AS expected, sum(received) AS received,
  sum(greatest(expected - received, 0)) AS missing,
  sum(least(received, expected)) / nullif(sum(expected), 0) AS completeness,
  min(least(received, expected) / nullif(expected, 0)) AS least_complete,
  first_value(metric ORDER BY received / expected, metric) AS least_complete_metric,
  percentile(usual_interval, 0.5) AS usual_interval, max(longest_gap) AS longest_gap
FROM expectations
GROUP BY source
ORDER BY completeness, source
